// What Python's str.split and str.strip do: the published scores rest on them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace blip::eval {

/// str.split(): the words between any Unicode white space; U+00A0 is some.
std::vector<std::string_view> split_words(std::string_view text);
/// str.split(" "): what is between single blanks; an empty text is one empty piece.
std::vector<std::string_view> split_at_blanks(std::string_view text);
/// str.strip()
std::string_view stripped(std::string_view text);

}  // namespace blip::eval
