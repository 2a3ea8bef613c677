// Tensor and TensorView: dense, row-major arrays of float32, which own their memory or do not.
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

/// What functions take: a Tensor, or numbers that lie anywhere else, laid out in the same way. They
/// are read where they are and must stay there until the call returns.
struct TensorView {
  std::span<const std::int64_t> shape;
  std::span<const float> data;

  TensorView(std::span<const std::int64_t> its_shape, std::span<const float> its_data) noexcept
      : shape(its_shape), data(its_data) {}
  TensorView(const Tensor& tensor) noexcept  // NOLINT(google-explicit-constructor)
      : shape(tensor.shape), data(tensor.data) {}

  [[nodiscard]] bool empty() const noexcept { return data.empty(); }
  [[nodiscard]] std::span<const float> values() const noexcept { return data; }
};

}  // namespace blip
