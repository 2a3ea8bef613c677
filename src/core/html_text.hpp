// Strangers' texts in a page of HTML.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace blip {

/// `text` (UTF-8) as content of an element or of an attribute in quotes: it can end neither.
/// Control characters become blanks.
std::string html_escaped(std::string_view text);

/// The first `most` bytes of UTF-8 text, less what is left of a character, and … if it was longer.
std::string shortened(std::string_view text, std::size_t most);

}  // namespace blip
