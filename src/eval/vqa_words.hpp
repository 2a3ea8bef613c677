// The words that the official VQA evaluation rewrites.
#pragma once

#include <string_view>

namespace blip::eval {

/// "none" and "zero" → "0", "one" → "1" … "ten" → "10"; any other word as it is.
std::string_view digit_of(std::string_view word);
/// "dont" → "don't"; any other word as it is. The table is the published one, with its oddities:
/// "somebody'd" loses its apostrophe, and there is no "shes". Its keys with a capital letter, which
/// no word in lower case can meet, are left out.
std::string_view contraction_of(std::string_view word);

}  // namespace blip::eval
