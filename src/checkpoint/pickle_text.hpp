// What pickles write as characters: the numbers and texts of protocols 0 and 1, and UTF-8.
#pragma once

#include <optional>
#include <string_view>

#include "checkpoint/pickle_value.hpp"

namespace blip {

/// The line of an instruction 'I' (a decimal integer, or the booleans "00" and "01"), 'L' (the same
/// with an L behind it) or 'F' (a decimal fraction); none if it is something else. Integers beyond
/// 64 bits are PickleOpaque.
std::optional<PickleValue> parse_pickle_number(char code, std::string_view line);

/// The line of an instruction 'V', or 'S' with its quotes; none if it has escapes, which nothing
/// that torch writes has: protocol 0 cannot hold its tensors.
std::optional<PickleValue> parse_pickle_line(char code, std::string_view line);

/// Two's complement, little endian; more than 8 bytes are PickleOpaque.
PickleValue long_integer(std::string_view bytes);

/// As Python's "surrogatepass", which pickle uses: lone surrogates are let pass, nothing else.
bool is_utf8(std::string_view text);

}  // namespace blip
