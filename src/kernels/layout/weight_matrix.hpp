// WeightMatrix: a matrix of weights in the number format it is stored in.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blip {

/// Number formats that the kernels read weights in.
enum class WeightFormat {
  f32,
  f16,
  bf16,
  i8,  ///< signed, symmetric, one scale for each row: what is meant is scale * stored
};

[[nodiscard]] constexpr std::size_t bytes_per_weight(WeightFormat format) noexcept {
  switch (format) {
    case WeightFormat::f32:
      return 4;
    case WeightFormat::f16:
    case WeightFormat::bf16:
      return 2;
    case WeightFormat::i8:
      break;
  }
  return 1;
}

/// [rows, columns], row-major, in memory that someone else owns. `data` is aligned to the element.
struct WeightMatrix {
  const void* data = nullptr;
  WeightFormat format = WeightFormat::f32;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  const float* scales = nullptr;  // [rows], only of i8
  // [quantization_blocks(columns), rows], only of i8 whose inputs are quantized: the sum of a row's
  // stored values in each block of columns.
  const float* row_sums = nullptr;
};

/// A torch.nn.Linear: weight [O, C], bias [O] (null for none).
struct Linear {
  WeightMatrix weight;
  const float* bias = nullptr;
};

}  // namespace blip
