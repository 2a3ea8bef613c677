#include "cli/options/background_colour.hpp"

#include <charconv>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace blip::cli {
namespace {

std::optional<std::array<std::uint8_t, 3>> parse_hexadecimal(std::string_view digits) {
  if (digits.starts_with('#')) digits.remove_prefix(1);
  std::array<std::uint8_t, 3> colour{};
  if (digits.size() != 2 * colour.size()) return std::nullopt;
  for (std::size_t c = 0; c < colour.size(); ++c) {
    const char* const first = digits.data() + 2 * c;
    const auto [end, error] = std::from_chars(first, first + 2, colour[c], 16);
    if (error != std::errc{} || end != first + 2) return std::nullopt;
  }
  return colour;
}

}  // namespace

std::optional<Background> parse_background(const std::string& text) {
  if (text == "none") return Background{};
  if (text == "white") return Background{.colour = {{255, 255, 255}}};
  if (text == "black") return Background{.colour = {{0, 0, 0}}};
  if (text == "grey" || text == "gray") return Background{.colour = {{128, 128, 128}}};
  if (const auto colour = parse_hexadecimal(text)) return Background{.colour = colour};
  return std::nullopt;
}

}  // namespace blip::cli
