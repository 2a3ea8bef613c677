#include "app/models/tensor_bytes.hpp"

#include <span>
#include <vector>

#include "kernels/layout/convert.hpp"
#include "model/tensor_rows.hpp"

namespace blip::app {
namespace {

template <typename T>
std::string_view as_text(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

}  // namespace

std::uint64_t write_tensor(const Checkpoint& checkpoint, const CheckpointTensor& tensor,
                           DType dtype, const WriteBytes& write) {
  const std::uint64_t bytes = static_cast<std::uint64_t>(tensor.element_count()) * size_of(dtype);
  if (dtype == tensor.dtype) {
    write({reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()});
    return bytes;
  }
  if (dtype == DType::i8) {
    quantize_tensor(checkpoint, tensor, [&](const Int8Rows& rows) { write(as_text(rows.values)); });
    return bytes;
  }
  TensorRows rows(checkpoint, tensor);
  const WeightFormat format = dtype == DType::f16 ? WeightFormat::f16 : WeightFormat::bf16;
  std::vector<std::uint16_t> half;
  rows.for_each_piece([&](std::int64_t, std::int64_t count, const float* values) {
    const auto size = static_cast<std::size_t>(count * rows.columns());
    if (dtype == DType::f32) {
      write(as_text(std::span(values, size)));
    } else {
      half.resize(size);
      convert_from_f32(values, size, format, half.data());
      write(as_text(std::span<const std::uint16_t>(half)));
    }
  });
  return bytes;
}

std::uint64_t write_scales(const Checkpoint& checkpoint, const CheckpointTensor& matrix,
                           const WriteBytes& write) {
  std::uint64_t bytes = 0;
  quantize_tensor(checkpoint, matrix, [&](const Int8Rows& rows) {
    write(as_text(rows.scales));
    bytes += rows.scales.size_bytes();
  });
  return bytes;
}

}  // namespace blip::app
