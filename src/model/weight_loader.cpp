#include "model/weight_loader.hpp"

#include <algorithm>
#include <cstring>

#include "blip/error.hpp"
#include "checkpoint/shape_text.hpp"
#include "checkpoint/weight_scales.hpp"
#include "kernels/int8/quantize_weights.hpp"
#include "kernels/layout/convert.hpp"
#include "kernels/layout/quantized_panels.hpp"
#include "model/tensor_rows.hpp"

namespace blip {
namespace {

WeightFormat format_of(const CheckpointTensor& tensor, const Checkpoint& checkpoint) {
  if (const auto format = weight_format(tensor.dtype)) return *format;
  throw Error(ErrorCode::unsupported, source_of(checkpoint) + ": tensor '" + tensor.name +
                                          "' holds " + std::string(name_of(tensor.dtype)) +
                                          ", weights must be F32, F16, BF16 or I8 with scales");
}

WeightFormat wanted_format(WeightType type, WeightFormat stored,
                           std::span<const std::int64_t> shape) {
  switch (type) {
    case WeightType::f32:
      return WeightFormat::f32;
    case WeightType::f16:
      return WeightFormat::f16;
    case WeightType::bf16:
      return WeightFormat::bf16;
    case WeightType::i8:
      return is_made_int8(shape) ? WeightFormat::i8 : stored;
    case WeightType::stored:
      break;
  }
  return stored;
}

}  // namespace

bool WeightLoader::contains(const std::string& name) const {
  return checkpoint_.find(name) != nullptr;
}

std::vector<std::int64_t> WeightLoader::shape_of(const std::string& name) const {
  const CheckpointTensor* tensor = checkpoint_.find(name);
  return tensor == nullptr ? std::vector<std::int64_t>{} : tensor->shape;
}

const CheckpointTensor& WeightLoader::require(const std::string& name,
                                              std::initializer_list<std::int64_t> shape) {
  const CheckpointTensor* tensor = checkpoint_.find(name);
  if (tensor == nullptr) {
    throw Error(ErrorCode::missing_tensor, source_of(checkpoint_) + ": tensor '" + name + "' " +
                                               shape_text(shape) + " is missing");
  }
  if (!std::equal(tensor->shape.begin(), tensor->shape.end(), shape.begin(), shape.end())) {
    throw Error(ErrorCode::shape_mismatch, source_of(checkpoint_) + ": tensor '" + name +
                                               "' has shape " + shape_text(tensor->shape) +
                                               ", config.json asks for " + shape_text(shape));
  }
  used_.insert(name);
  return *tensor;
}

const void* WeightLoader::converted(const CheckpointTensor& tensor, WeightFormat from,
                                    WeightFormat to) {
  if (from == to && is_aligned(tensor.bytes.data(), bytes_per_weight(from))) {
    return tensor.bytes.data();
  }
  const auto count = static_cast<std::size_t>(tensor.element_count());
  std::byte* const out =
      converted_.emplace_back(allocate_aligned(count * bytes_per_weight(to))).get();
  if (from == to) {
    std::memcpy(out, tensor.bytes.data(), tensor.bytes.size());
    return out;
  }
  TensorRows rows(checkpoint_, tensor);
  rows.for_each_piece([&](std::int64_t first, std::int64_t piece, const float* values) {
    const auto start = static_cast<std::size_t>(first * rows.columns());
    const auto size = static_cast<std::size_t>(piece * rows.columns());
    if (to == WeightFormat::f32) {
      std::copy_n(values, size, reinterpret_cast<float*>(out) + start);
    } else {
      convert_from_f32(values, size, to, reinterpret_cast<std::uint16_t*>(out) + start);
    }
  });
  return out;
}

WeightMatrix WeightLoader::matrix(const std::string& name,
                                  std::initializer_list<std::int64_t> shape) {
  const CheckpointTensor& tensor = require(name, shape);
  const WeightFormat stored = format_of(tensor, checkpoint_);
  // Whether they are there and fit is for read_weight_scales to say.
  if (stored == WeightFormat::i8) used_.insert(weight_scale_name(name));
  const WeightFormat wanted = wanted_format(weight_type_, stored, shape);
  if (wanted == WeightFormat::i8) return int8_matrix(tensor);
  const std::int64_t rows = *shape.begin();
  return {converted(tensor, stored, wanted), wanted, rows, tensor.element_count() / rows};
}

WeightMatrix WeightLoader::int8_matrix(const CheckpointTensor& tensor) {
  const auto known = int8_.find(tensor.bytes.data());
  if (known != int8_.end() && known->second.rows == tensor.shape[0]) return known->second;
  WeightMatrix matrix = {nullptr, WeightFormat::i8, tensor.shape[0], 0};
  const auto rows = static_cast<std::size_t>(matrix.rows);
  auto* scales = reinterpret_cast<float*>(
      converted_.emplace_back(allocate_aligned(rows * sizeof(float))).get());
  if (tensor.dtype == DType::i8) {
    std::ranges::copy(read_weight_scales(checkpoint_, tensor), scales);
    matrix.data = tensor.bytes.data();
  } else {
    matrix.data = quantized(tensor, scales);
  }
  matrix.columns = tensor.shape[1];
  matrix.scales = scales;
  return int8_[tensor.bytes.data()] = matrix;
}

const std::int8_t* WeightLoader::quantized(const CheckpointTensor& tensor, float* scales) {
  auto* const out = reinterpret_cast<std::int8_t*>(
      converted_.emplace_back(allocate_aligned(static_cast<std::size_t>(tensor.element_count())))
          .get());
  quantize_tensor(checkpoint_, tensor, [&](const Int8Rows& rows) {
    std::ranges::copy(rows.values, out + rows.first * tensor.shape[1]);
    std::ranges::copy(rows.scales, scales + rows.first);
  });
  return out;
}

std::vector<float> WeightLoader::floats(const std::string& name,
                                        std::initializer_list<std::int64_t> shape) {
  const CheckpointTensor& tensor = require(name, shape);
  if (format_of(tensor, checkpoint_) == WeightFormat::i8) used_.insert(weight_scale_name(name));
  std::vector<float> copy;
  copy.reserve(static_cast<std::size_t>(tensor.element_count()));
  TensorRows rows(checkpoint_, tensor);
  rows.for_each_piece([&](std::int64_t, std::int64_t count, const float* values) {
    copy.insert(copy.end(), values, values + count * rows.columns());
  });
  return copy;
}

const float* WeightLoader::values(const std::string& name,
                                  std::initializer_list<std::int64_t> shape) {
  const CheckpointTensor& tensor = require(name, shape);
  const WeightFormat stored = format_of(tensor, checkpoint_);
  if (stored == WeightFormat::i8) {
    throw Error(ErrorCode::unsupported, source_of(checkpoint_) + ": tensor '" + name +
                                            "' holds I8, which only matrices may");
  }
  return static_cast<const float*>(converted(tensor, stored, WeightFormat::f32));
}

Linear WeightLoader::linear(const std::string& prefix, std::int64_t outputs, std::int64_t inputs,
                            Int8Inputs int8_inputs) {
  Linear layer = {matrix(prefix + ".weight", {outputs, inputs}),
                  values(prefix + ".bias", {outputs})};
  if (layer.weight.format == WeightFormat::i8 && int8_inputs == Int8Inputs::quantized &&
      is_quantizable(inputs)) {
    layer.weight.row_sums = block_sums(layer.weight);
  }
  return layer;
}

// → [quantization_blocks(C), O]
const float* WeightLoader::block_sums(const WeightMatrix& matrix) {
  const auto count = static_cast<std::size_t>(quantization_blocks(matrix.columns) * matrix.rows);
  auto* sums = reinterpret_cast<float*>(
      converted_.emplace_back(allocate_aligned(count * sizeof(float))).get());
  row_sums(static_cast<const std::int8_t*>(matrix.data), matrix.rows, matrix.columns,
           quantization_block(matrix.columns), sums);
  return sums;
}

LayerNorm WeightLoader::layer_norm(const std::string& prefix, std::int64_t size, float epsilon) {
  return {values(prefix + ".weight", {size}), values(prefix + ".bias", {size}), epsilon};
}

void WeightLoader::refuse(const std::string& name, const std::string& problem) const {
  throw Error(ErrorCode::malformed, source_of(checkpoint_) + ": tensor '" + name + "' " + problem);
}

std::vector<std::string> WeightLoader::unused() const {
  std::vector<std::string> names;
  for (const CheckpointTensor& tensor : checkpoint_.tensors()) {
    if (!used_.contains(tensor.name)) names.push_back(tensor.name);
  }
  return names;
}

}  // namespace blip
