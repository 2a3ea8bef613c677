// A checkpoint's tensors piece by piece, as float32 or as int8, without a copy of the whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "checkpoint/checkpoint.hpp"
#include "kernels/layout/weight_matrix.hpp"

namespace blip {

/// As which the kernels read elements of this type; none if they do not.
[[nodiscard]] std::optional<WeightFormat> weight_format(DType type);

/// The rows of a tensor [R, …] as float32: all but its first dimension are the columns. The
/// elements may be F64, F32, F16, BF16, or I8 with scales, and lie at any address.
class TensorRows {
 public:
  /// Throws unsupported for other elements, and what read_weight_scales throws. Refers to both.
  TensorRows(const Checkpoint& checkpoint, const CheckpointTensor& tensor);

  [[nodiscard]] std::int64_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::int64_t columns() const noexcept { return columns_; }

  /// → [count, columns], valid until the next call
  const float* read(std::int64_t first, std::int64_t count);

  /// Calls `take` with the rows in order, a few megabytes of them at a time. Gives back the memory
  /// that reading the file took as it goes (Checkpoint::release).
  void for_each_piece(
      const std::function<void(std::int64_t first, std::int64_t count, const float* values)>& take);

 private:
  const Checkpoint& checkpoint_;
  const CheckpointTensor& tensor_;
  std::int64_t rows_ = 1;
  std::int64_t columns_ = 0;
  std::vector<float> scales_;       // of I8
  std::vector<std::byte> aligned_;  // the stored elements, where the file has them misaligned
  std::vector<float> values_;
};

/// Some rows of a matrix, quantised.
struct Int8Rows {
  std::int64_t first;
  std::span<const std::int8_t> values;  // [rows, columns]
  std::span<const float> scales;        // [rows]
};

/// tensor: floating point [O, C] → its rows as int8 (kernels/int8/quantize_weights.hpp), in order,
/// piece by piece. Throws what TensorRows throws, and malformed for a weight that is infinite or
/// NaN.
void quantize_tensor(const Checkpoint& checkpoint, const CheckpointTensor& tensor,
                     const std::function<void(const Int8Rows&)>& take);

}  // namespace blip
