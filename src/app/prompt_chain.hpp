// Prompts as the CLIP Interrogator makes them: phrases behind a caption, with commas between them.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace blip::app {

/// What is known of a prompt.
struct PromptJudge {
  /// The cosine of each text with the picture.
  std::function<std::vector<float>(std::span<const std::string>)> similarities;
  /// Whether the text model reads no more tokens than this text has.
  std::function<bool(const std::string&)> is_full;
};

struct ChainOptions {
  std::size_t min_count = 8;  ///< so many phrases are tried whether they help or not
  std::size_t max_count = 32;
  bool reverse = false;  ///< the more unlike the picture, the better
};

struct PromptChain {
  std::string prompt;
  std::vector<std::string> phrases;  ///< that were added to the start, in order
};

/// `start` with the phrases that bring it nearest to the picture, chosen one after the other, each
/// at most once: the best prompt on the way. With an empty start, the best phrase is the start.
///
/// Exactly as the original: a phrase is the one that makes the best prompt, the first of equal
/// ones. It stays if the prompt got better by it, or is one of the first `min_count`; else the
/// chain ends, as it does when the prompt is full. With `reverse` all similarities are negated but
/// that of an empty start's first phrase: so the chain grows only where that one is negative, or
/// others are still more unlike.
PromptChain chain_phrases(const PromptJudge& judge, std::vector<std::string> phrases,
                          const std::string& start, const ChainOptions& options);

/// `prompt` up to the comma where it would be full, as the original counts: a part is looked at
/// without its comma, and the first part always stays.
std::string cut_to_fit(const PromptJudge& judge, const std::string& prompt);

}  // namespace blip::app
