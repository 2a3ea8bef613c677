#include "cli/options/background_colour.hpp"

#include <charconv>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace blip::cli {
namespace {

// "RRGGBB", "#RRGGBB"
bool parse_hexadecimal(std::string_view digits, std::array<std::uint8_t, 3>& colour) {
  if (digits.starts_with('#')) digits.remove_prefix(1);
  if (digits.size() != 2 * colour.size()) return false;
  for (std::size_t c = 0; c < colour.size(); ++c) {
    const char* const first = digits.data() + 2 * c;
    const auto [end, error] = std::from_chars(first, first + 2, colour[c], 16);
    if (error != std::errc{} || end != first + 2) return false;
  }
  return true;
}

}  // namespace

std::optional<Background> parse_background(const std::string& text) {
  Background background;
  if (text == "none") {
    background.blends = false;
  } else if (text == "black") {
    background.colour = {0, 0, 0};
  } else if (text == "grey" || text == "gray") {
    background.colour = {128, 128, 128};
  } else if (text != "white" && !parse_hexadecimal(text, background.colour)) {
    return std::nullopt;
  }
  return background;
}

}  // namespace blip::cli
