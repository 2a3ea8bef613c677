// Text as pixels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace blip::image {

/// coverage: [height, width], 255 where a letter covers the whole pixel, without room around the
/// letters. Empty for an empty text.
struct TextMask {
  int width = 0;
  int height = 0;
  int top = 0;  ///< of the letters in their line: where `top`s are heeded, lines of text are even
  std::vector<std::uint8_t> coverage;
};

/// `text` (UTF-8; what is not, and control characters, become U+FFFD) in the system's sans-serif
/// font, `points` high at 96 dots an inch, drawn by Pango by way of libvips: in one line, or in
/// lines of `width` pixels unless that is 0. What is beyond kMostLetters is left out. Throws
/// unsupported where libvips was built without Pango.
TextMask text_mask(const std::string& text, int points, bool bold, int width = 0);
inline constexpr std::int64_t kMostLetters = 1000;

}  // namespace blip::image
