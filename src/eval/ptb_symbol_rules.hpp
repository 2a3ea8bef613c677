// What is no word, as the Penn Treebank tokenizer cuts it: addresses, tags, smileys, punctuation.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace blip::eval {

// How many characters at the start of `text` make one token, 0 if it is none.

/// "<b>", "</b>", "<a href=…>"
std::size_t match_tag(std::u32string_view text);
/// "http://a.b/c", "www.example.com"; the punctuation after it is not part of it.
std::size_t match_url(std::u32string_view text);
/// "me@x.com"
std::size_t match_email(std::u32string_view text);
/// "@user", "#hashtag"
std::size_t match_tagged_name(std::u32string_view text);
/// ":-)"
std::size_t match_smiley(std::u32string_view text);
/// "-LRB-"
std::size_t match_escaped_bracket(std::u32string_view text);

/// A token and what it is written as; nothing for characters that are dropped.
struct PtbSymbol {
  std::size_t length = 1;
  std::string text = {};
};

/// Punctuation, quotes, currencies, character references. `text` must not be empty.
PtbSymbol scan_symbol(std::u32string_view text);

/// "(" → "-lrb-" and so on; any other character as it is.
std::string escaped_bracket(char32_t c);

}  // namespace blip::eval
