// A float32 as JSON should have it.
#pragma once

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

namespace blip {

/// The shortest decimal that is it: 1e-05, not 9.999999747378752e-06.
inline nlohmann::ordered_json shortest_number(float value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return nlohmann::ordered_json::parse(text.data(), end);
}

}  // namespace blip
