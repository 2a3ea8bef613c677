// StreamedText: a text in pieces, while its tokens come.
#pragma once

#include <string>
#include <vector>

#include "app/captions/caption_edits.hpp"
#include "app/captions/caption_prompt.hpp"
#include "blip/tokenizer.hpp"

namespace blip::app {

/// The pieces together are the text that the whole sequence has in the end: what later tokens may
/// still change (a tokenizer's clean-up makes "n't" of "n ' t") is kept back.
class StreamedText {
 public:
  /// `tokenizer` outlives it.
  StreamedText(const Tokenizer& tokenizer, CaptionPrompt prompt, CaptionEdits edits);

  /// The piece that a token brings; may be empty.
  std::string add(TokenId token);
  /// What is left of the finished text.
  std::string rest(const std::string& finished);

 private:
  std::string piece_of(const std::string& text, std::size_t end);

  const Tokenizer* tokenizer_;
  CaptionPrompt prompt_;
  CaptionEdits edits_;
  std::vector<TokenId> ids_;  // the prompt's, then those that came
  std::string told_;
};

}  // namespace blip::app
