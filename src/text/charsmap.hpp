// precompiled_charsmap, the table by which SentencePiece normalises texts: rules, each a text and
// what replaces it, in a double array trie. A hostile one is told before it is followed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace blip {

/// How many rules of the normalisation may begin a text, and the bytes that one writes. In the
/// SentencePiece library the table of them has 32 places; Unicode's longest compatibility
/// decomposition has 33 bytes.
inline constexpr std::size_t kMaxRulesAtOnce = 32;
inline constexpr std::size_t kMaxReplacementBytes = 256;

/// Throws malformed, limit_exceeded (more than 4 MiB, too many rules or too long ones) or, on a
/// machine of the other byte order, unsupported, for a table that could lead out of its bounds, in
/// a circle, or past those places. `name` stands for the file in messages.
void check_charsmap(const std::string& blob, const std::string& name);

/// A rule that fits the start of a text.
struct CharsmapRule {
  std::size_t length = 0;  ///< bytes of the text that it replaces; 0: no rule fits
  std::string_view replacement = {};
};

/// The longest rule of `blob`, which has passed check_charsmap, for the start of `text`.
CharsmapRule longest_rule(std::string_view blob, std::string_view text);

}  // namespace blip
