// Byte order marks, which some editors write at the start of text files.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace blip {

/// Bytes of the mark of UTF-8 at the start of `text`: 3, or 0 without one.
[[nodiscard]] std::size_t utf8_mark_length(std::string_view text) noexcept;

/// Whether `text`, to which more may come, is so short that it may be the beginning of a mark.
[[nodiscard]] bool may_become_mark(std::string_view text) noexcept;

/// Throws unsupported, naming the file and the remedy, if `text` begins with the mark of UTF-16
/// (or of UTF-32, which begins with the same bytes).
void refuse_utf16(std::string_view text, const std::string& name);

/// Both: the text of a file without its mark.
void drop_byte_order_mark(std::string& text, const std::string& name);

}  // namespace blip
