// CaptionEdits: what becomes of a caption before it is written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace blip::app {

/// A blank goes between the parts, unless white space is there or the suffix begins with a
/// punctuation mark.
struct CaptionEdits {
  bool strip_prompt = false;  ///< leave out the prompt that the caption begins with
  std::string prefix = {};
  std::string suffix = {};
  /// Of the whole, prefix and suffix included: characters of Unicode. The caption is cut at a word;
  /// prefix and suffix stay whole if they leave room.
  std::optional<std::uint64_t> max_characters = {};
};

/// The caption with prefix and suffix, shortened. (Who knows the prompt strips it before.)
[[nodiscard]] std::string edited(const std::string& caption, const CaptionEdits& edits);

}  // namespace blip::app
