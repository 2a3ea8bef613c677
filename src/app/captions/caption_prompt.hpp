// CaptionPrompt: how captions begin, and how they end up as text.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "app/captions/caption_edits.hpp"
#include "blip/tokenizer.hpp"

namespace blip::app {

struct CaptionPrompt {
  std::vector<TokenId> tokens = {};  ///< [CLS] … [SEP]; none: captions begin freely
  std::string decoded = {};          ///< an uncased tokenizer makes "A photo" "a photo"

  /// The start tokens of a sequence: [DEC], and the prompt between [CLS] and [SEP].
  [[nodiscard]] std::size_t given() const { return tokens.empty() ? 1 : tokens.size() - 1; }
};

CaptionPrompt caption_prompt(const Tokenizer& tokenizer, const std::string& text);

/// GeneratedSequence::ids as text, the prompt included; also of answers.
std::string generated_text(const Tokenizer& tokenizer, std::span<const TokenId> ids);

/// `caption` without the prompt that it begins with, as captions are judged and kept.
std::string without_prompt(std::string caption, const CaptionPrompt& prompt);

/// What becomes of a caption before it is written.
std::string finished_caption(std::string caption, const CaptionPrompt& prompt,
                             const CaptionEdits& edits);

}  // namespace blip::app
