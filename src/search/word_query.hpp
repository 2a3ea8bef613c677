// word_query: what a person typed, as a query of SQLite's FTS5.
#pragma once

#include <string>
#include <string_view>

namespace blip::search {

/// The words of `text`, any of which may match: `two dogs` → `"two" OR "dogs"`. Nothing that is
/// typed means anything to FTS5. Empty if there is no word; of more than 64, the first ones.
std::string word_query(std::string_view text);

/// The same words with something else around and between them. Nothing of ASCII is in a word but
/// letters and digits.
std::string joined_words(std::string_view text, std::string_view quote, std::string_view separator);

}  // namespace blip::search
