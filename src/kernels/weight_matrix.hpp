// WeightMatrix: a matrix of weights in the number format it is stored in.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blip {

/// Number formats that the kernels read weights in; arithmetic is float32 for all of them.
enum class WeightFormat { f32, f16, bf16 };

[[nodiscard]] constexpr std::size_t bytes_per_weight(WeightFormat format) noexcept {
  return format == WeightFormat::f32 ? 4 : 2;
}

/// [rows, columns], row-major, in memory that someone else owns. `data` is aligned to the element.
struct WeightMatrix {
  const void* data = nullptr;
  WeightFormat format = WeightFormat::f32;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

/// A torch.nn.Linear: weight [O, C], bias [O] (null for none).
struct Linear {
  WeightMatrix weight;
  const float* bias = nullptr;
};

}  // namespace blip
