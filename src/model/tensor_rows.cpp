#include "model/tensor_rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "blip/error.hpp"
#include "checkpoint/weight_scales.hpp"
#include "core/aligned_memory.hpp"
#include "core/in_quotes.hpp"
#include "kernels/int8/quantize_weights.hpp"
#include "kernels/layout/convert.hpp"

namespace blip {
namespace {

// Elements at a time: 1 MB of float32, which stays in the cache from one step to the next.
constexpr std::int64_t kPiece = std::int64_t{1} << 18;

}  // namespace

std::optional<WeightFormat> weight_format(DType type) {
  switch (type) {
    case DType::f32:
      return WeightFormat::f32;
    case DType::f16:
      return WeightFormat::f16;
    case DType::bf16:
      return WeightFormat::bf16;
    case DType::i8:
      return WeightFormat::i8;
    default:
      return std::nullopt;
  }
}

TensorRows::TensorRows(const Checkpoint& checkpoint, const CheckpointTensor& tensor)
    : checkpoint_(checkpoint), tensor_(tensor) {
  if (tensor.dtype != DType::f64 && !weight_format(tensor.dtype)) {
    throw Error(ErrorCode::unsupported,
                source_of(checkpoint) + ": tensor " + in_quotes(tensor.name) + " holds " +
                    std::string(name_of(tensor.dtype)) + ", which are no weights");
  }
  if (!tensor.shape.empty()) rows_ = tensor.shape.front();
  if (rows_ > 0) columns_ = tensor.element_count() / rows_;
  if (tensor.dtype == DType::i8) scales_ = read_weight_scales(checkpoint, tensor);
}

const float* TensorRows::read(std::int64_t first, std::int64_t count) {
  const std::size_t element = size_of(tensor_.dtype);
  const auto elements = static_cast<std::size_t>(count * columns_);
  const std::byte* source =
      tensor_.bytes.data() + static_cast<std::size_t>(first * columns_) * element;
  if (!is_aligned(source, element)) {
    aligned_.assign(source, source + elements * element);
    source = aligned_.data();
  }
  if (tensor_.dtype == DType::f32) return reinterpret_cast<const float*>(source);
  values_.resize(elements);
  if (tensor_.dtype == DType::f64) {
    const auto* wide = reinterpret_cast<const double*>(source);
    std::transform(wide, wide + elements, values_.data(),
                   [](double value) { return static_cast<float>(value); });
  } else {
    const float* scales = scales_.empty() ? nullptr : scales_.data() + first;
    convert_rows_to_f32({source, *weight_format(tensor_.dtype), count, columns_, scales, nullptr},
                        0, count, values_.data());
  }
  return values_.data();
}

void TensorRows::for_each_piece(
    const std::function<void(std::int64_t, std::int64_t, const float*)>& take) {
  const std::int64_t most = std::max<std::int64_t>(kPiece / std::max<std::int64_t>(columns_, 1), 1);
  const std::size_t row_bytes = static_cast<std::size_t>(columns_) * size_of(tensor_.dtype);
  for (std::int64_t first = 0; first < rows_; first += most) {
    const std::int64_t count = std::min(most, rows_ - first);
    take(first, count, read(first, count));
    checkpoint_.release(tensor_.bytes.subspan(static_cast<std::size_t>(first) * row_bytes,
                                              static_cast<std::size_t>(count) * row_bytes));
  }
  checkpoint_.release(tensor_.bytes);  // the pages that two pieces share
}

void quantize_tensor(const Checkpoint& checkpoint, const CheckpointTensor& tensor,
                     const std::function<void(const Int8Rows&)>& take) {
  TensorRows rows(checkpoint, tensor);
  std::vector<std::int8_t> values;
  std::vector<float> scales;
  rows.for_each_piece([&](std::int64_t first, std::int64_t count, const float* source) {
    values.resize(static_cast<std::size_t>(count * rows.columns()));
    scales.resize(static_cast<std::size_t>(count));
    quantize_rows(source, count, rows.columns(), values.data(), scales.data());
    const auto bad = std::find_if_not(scales.begin(), scales.end(),
                                      [](float scale) { return std::isfinite(scale); });
    if (bad != scales.end()) {
      throw Error(ErrorCode::malformed,
                  source_of(checkpoint) + ": tensor " + in_quotes(tensor.name) +
                      " has a value that is not finite, which int8 cannot hold, in row " +
                      std::to_string(first + (bad - scales.begin())));
    }
    take({first, values, scales});
  });
}

}  // namespace blip
