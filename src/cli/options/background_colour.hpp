// The value of --matte: a colour, or none.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace blip::cli {

/// What transparent pixels show.
struct Background {
  bool blends = true;  ///< off: their transparency is dropped
  std::array<std::uint8_t, 3> colour{255, 255, 255};
};

/// "white", "black", "grey" or "gray", "RRGGBB" or "#RRGGBB" in hexadecimal digits, or "none".
/// Nothing for any other text.
std::optional<Background> parse_background(const std::string& text);

}  // namespace blip::cli
