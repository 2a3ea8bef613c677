// Arrays of Python and tensors of blip.cpp: neither is copied where its memory can be shared.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "blip/tensor.hpp"

namespace blip::python {

namespace nb = nanobind;

/// What functions take: float32, any number of dimensions, contiguous. nanobind makes such an array
/// of others.
using FloatArray = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;
/// What they return.
using NumpyArray = nb::ndarray<nb::numpy, float>;

/// A view with the shape that it needs, valid as long as the array is.
class ArrayView {
 public:
  explicit ArrayView(const FloatArray& array) : data_(array.data(), array.size()) {
    for (std::size_t i = 0; i < array.ndim(); ++i) {
      shape_.push_back(static_cast<std::int64_t>(array.shape(i)));
    }
  }
  [[nodiscard]] TensorView view() const { return {shape_, data_}; }

 private:
  std::vector<std::int64_t> shape_;
  std::span<const float> data_;
};

/// The tensor's memory becomes the array's.
inline NumpyArray array_of(Tensor tensor) {
  auto owned = std::make_unique<Tensor>(std::move(tensor));
  std::vector<std::size_t> shape(owned->shape.begin(), owned->shape.end());
  float* data = owned->data.data();
  nb::capsule owner(owned.get(), [](void* pointer) noexcept {
    const std::unique_ptr<Tensor> freed(static_cast<Tensor*>(pointer));
  });
  static_cast<void>(owned.release());
  return {data, shape.size(), shape.data(), owner};
}

}  // namespace blip::python
