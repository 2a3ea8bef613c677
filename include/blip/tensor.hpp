// Tensor: a dense, row-major array of float32 that owns its memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace blip {

/// Values are stored with the last dimension contiguous: element (i, j) of a [R, C] tensor is
/// `data[i * C + j]`. An empty shape with no data is "no tensor".
struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> data;

  [[nodiscard]] bool empty() const noexcept { return data.empty(); }
  [[nodiscard]] std::span<const float> values() const noexcept { return data; }
};

}  // namespace blip
