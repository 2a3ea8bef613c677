// Tokens of bytes back to text.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace blip {

/// What transformers' CLIPTokenizer makes of tokens: the bytes that their characters stand for (a
/// token with a character that is no byte's stands for itself), what is not UTF-8 in them as
/// U+FFFD, each `end_of_word_suffix` as a blank, and no white space at either end.
[[nodiscard]] std::string decode_bytes(std::span<const std::string_view> tokens,
                                       std::string_view end_of_word_suffix);

}  // namespace blip
