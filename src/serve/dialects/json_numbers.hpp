// Numbers of models as JSON: float32 in its shortest form, null for what is no number.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>

#include "blip/tensor.hpp"
#include "core/shortest_number.hpp"

namespace blip::serve {

// null where it is not finite; a whole number without ".0".
inline nlohmann::ordered_json json_number(float value) {
  constexpr float kWhole = 1e9F;
  if (!std::isfinite(value)) return nullptr;
  if (std::abs(value) < kWhole && std::trunc(value) == value) {
    return static_cast<std::int64_t>(value);
  }
  return shortest_number(value);
}

inline nlohmann::ordered_json json_numbers(std::span<const float> values) {
  auto list = nlohmann::ordered_json::array();
  for (const float value : values) list.push_back(json_number(value));
  return list;
}

/// Row `index` of [rows, D].
inline std::span<const float> row_of(const Tensor& tensor, std::size_t index) {
  const auto size = static_cast<std::size_t>(tensor.shape.back());
  return tensor.values().subspan(index * size, size);
}

}  // namespace blip::serve
