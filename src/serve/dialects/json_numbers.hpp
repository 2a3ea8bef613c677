// Numbers of models as JSON: float32 in its shortest form, null for what is no number.
#pragma once

#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <span>

#include "blip/tensor.hpp"
#include "core/shortest_number.hpp"

namespace blip::serve {

inline nlohmann::ordered_json json_number(float value) {
  return std::isfinite(value) ? shortest_number(value) : nlohmann::ordered_json(nullptr);
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
