#include "cli/tensor_bytes.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "blip/error.hpp"
#include "kernels/convert.hpp"

namespace blip::cli {
namespace {

// Elements at a time: a few megabytes, whatever the size of a tensor.
constexpr std::size_t kPiece = std::size_t{1} << 20;

WeightFormat format_of(DType dtype) {
  switch (dtype) {
    case DType::f16:
      return WeightFormat::f16;
    case DType::bf16:
      return WeightFormat::bf16;
    default:
      return WeightFormat::f32;
  }
}

// source: [count] elements of `dtype`, anywhere in memory → out: [count]
void to_f32(const std::byte* source, DType dtype, std::size_t count,
            std::vector<std::byte>& aligned, float* out) {
  aligned.resize(count * size_of(dtype));
  std::memcpy(aligned.data(), source, aligned.size());
  if (dtype == DType::f64) {
    const auto* values = reinterpret_cast<const double*>(aligned.data());
    std::transform(values, values + count, out,
                   [](double value) { return static_cast<float>(value); });
  } else {
    convert_to_f32(aligned.data(), format_of(dtype), count, out);
  }
}

template <typename T>
std::string_view as_text(const std::vector<T>& values, std::size_t count) {
  return {reinterpret_cast<const char*>(values.data()), count * sizeof(T)};
}

}  // namespace

std::uint64_t write_tensor(const CheckpointTensor& tensor, DType dtype,
                           const std::function<void(std::string_view)>& write) {
  if (dtype == tensor.dtype) {
    write({reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()});
    return tensor.bytes.size();
  }
  const auto total = static_cast<std::size_t>(tensor.element_count());
  std::vector<std::byte> aligned;
  std::vector<float> full(std::min(total, kPiece));
  std::vector<std::uint16_t> half(dtype == DType::f32 ? 0 : full.size());
  for (std::size_t done = 0; done < total; done += kPiece) {
    const std::size_t count = std::min(kPiece, total - done);
    to_f32(tensor.bytes.data() + done * size_of(tensor.dtype), tensor.dtype, count, aligned,
           full.data());
    if (dtype == DType::f32) {
      write(as_text(full, count));
    } else {
      convert_from_f32(full.data(), count, format_of(dtype), half.data());
      write(as_text(half, count));
    }
  }
  return total * size_of(dtype);
}

}  // namespace blip::cli
