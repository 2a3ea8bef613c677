// precompiled_charsmap, the table by which SentencePiece normalises texts: rules, each a text and
// what replaces it, in a double array trie that the library follows wherever it leads.
#pragma once

#include <cstddef>
#include <string>

namespace blip {

/// How many rules of the normalisation may begin a text, and the bytes that one writes. The
/// library's own table of them has 32 places; Unicode's longest compatibility decomposition has 33
/// bytes.
inline constexpr std::size_t kMaxRulesAtOnce = 32;
inline constexpr std::size_t kMaxReplacementBytes = 256;

/// Throws malformed, limit_exceeded (more than 4 MiB, too many rules or too long ones) or, on a
/// machine of the other byte order, unsupported, for a table that could lead out of its bounds, in
/// a circle, or past the places that the library has. `name` stands for the file in messages.
void check_charsmap(const std::string& blob, const std::string& name);

}  // namespace blip
