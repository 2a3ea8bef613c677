// NFC, Unicode's composed form, as Hugging Face `tokenizers` has it.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace blip {

/// `text`, which must be valid UTF-8, in normalisation form C.
[[nodiscard]] std::string composed_form(std::string_view text);

/// Two code points that one stands for. Sorted by both; Hangul syllables are not among them.
struct CompositionRow {
  char32_t first;
  char32_t second;
  char32_t composed;
};
extern const std::array<CompositionRow, 940> kCompositionRows;

}  // namespace blip
