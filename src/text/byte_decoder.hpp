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

/// What Gemma's decoder makes of tokens: ▁ is a blank, and a run of "<0x0A>" and the like is the
/// bytes, or U+FFFD for each where these are no UTF-8.
[[nodiscard]] std::string decode_byte_fallback(std::span<const std::string_view> tokens);

}  // namespace blip
