#include "model/weight_loader.hpp"

#include <algorithm>
#include <cstring>

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

std::byte* WeightLoader::allocate(std::size_t bytes) {
  return converted_.emplace_back(allocate_aligned(bytes)).get();
}

const void* WeightLoader::converted(const CheckpointTensor& tensor, WeightFormat from,
                                    WeightFormat to) {
  if (from == to && is_aligned(tensor.bytes.data(), bytes_per_weight(from))) {
    return tensor.bytes.data();
  }
  std::byte* const out =
      allocate(static_cast<std::size_t>(tensor.element_count()) * bytes_per_weight(to));
  convert(tensor, from, to, out);
  return out;
}

void WeightLoader::convert(const CheckpointTensor& tensor, WeightFormat from, WeightFormat to,
                           std::byte* out) {
  if (from == to) {
    std::memcpy(out, tensor.bytes.data(), tensor.bytes.size());
    return;
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
  WeightMatrix matrix = {nullptr, WeightFormat::i8, tensor.shape[0], tensor.shape[1]};
  const auto scales_of = [&] {
    return reinterpret_cast<float*>(
        allocate(static_cast<std::size_t>(matrix.rows) * sizeof(float)));
  };
  // Used in place, with scales that need not be those of another tensor of the same bytes.
  if (tensor.dtype == DType::i8) {
    const std::vector<float> stored = read_weight_scales(checkpoint_, tensor);
    float* const scales = scales_of();
    std::ranges::copy(stored, scales);
    matrix.data = tensor.bytes.data();
    matrix.scales = scales;
    return matrix;
  }
  const QuantizedKey key = {tensor.bytes.data(), tensor.dtype, matrix.rows, matrix.columns};
  if (const auto known = quantized_.find(key); known != quantized_.end()) return known->second;
  float* const scales = scales_of();
  auto* const values =
      reinterpret_cast<std::int8_t*>(allocate(static_cast<std::size_t>(tensor.element_count())));
  quantize(tensor, values, scales);
  matrix.data = values;
  matrix.scales = scales;
  return quantized_[key] = matrix;
}

void WeightLoader::quantize(const CheckpointTensor& tensor, std::int8_t* values, float* scales) {
  if (tensor.dtype == DType::i8) {
    std::ranges::copy(read_weight_scales(checkpoint_, tensor), scales);
    std::memcpy(values, tensor.bytes.data(), tensor.bytes.size());
    return;
  }
  quantize_tensor(checkpoint_, tensor, [&](const Int8Rows& rows) {
    std::ranges::copy(rows.values, values + rows.first * tensor.shape[1]);
    std::ranges::copy(rows.scales, scales + rows.first);
  });
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
  add_block_sums(layer, int8_inputs);
  return layer;
}

Linear WeightLoader::stacked_linear(std::span<const std::string> prefixes, std::int64_t outputs,
                                    std::int64_t inputs, bool has_bias, Int8Inputs int8_inputs) {
  std::vector<const CheckpointTensor*> parts;
  parts.reserve(prefixes.size());
  for (const std::string& prefix : prefixes) {
    parts.push_back(&require(prefix + ".weight", {outputs, inputs}));
  }
  Linear layer = {stacked_matrix(parts), nullptr};
  if (has_bias) {
    auto* const bias = reinterpret_cast<float*>(
        allocate(prefixes.size() * static_cast<std::size_t>(outputs) * sizeof(float)));
    float* next = bias;
    for (const std::string& prefix : prefixes) {
      next = std::copy_n(values(prefix + ".bias", {outputs}), outputs, next);
    }
    layer.bias = bias;
  }
  add_block_sums(layer, int8_inputs);
  return layer;
}

// parts: [O, C] each, of one shape → [parts * O, C]
WeightMatrix WeightLoader::stacked_matrix(std::span<const CheckpointTensor* const> parts) {
  const CheckpointTensor& first = *parts.front();
  const auto wanted_of = [&](const CheckpointTensor& tensor) {
    const WeightFormat stored = format_of(tensor, checkpoint_);
    if (stored == WeightFormat::i8) used_.insert(weight_scale_name(tensor.name));
    return wanted_format(weight_type_, stored, tensor.shape);
  };
  const WeightFormat wanted = wanted_of(first);
  bool side_by_side = true;  // and as they are wanted
  const std::byte* end = first.bytes.data();
  for (const CheckpointTensor* part : parts) {
    if (wanted_of(*part) != wanted) {
      refuse(part->name, "holds another type of numbers than '" + first.name + "'");
    }
    side_by_side = side_by_side && part->bytes.data() == end &&
                   format_of(*part, checkpoint_) == wanted && wanted != WeightFormat::i8;
    end = part->bytes.data() + part->bytes.size();
  }
  const std::int64_t rows = static_cast<std::int64_t>(parts.size()) * first.shape[0];
  WeightMatrix matrix = {nullptr, wanted, rows, first.shape[1]};
  if (side_by_side && is_aligned(first.bytes.data(), bytes_per_weight(wanted))) {
    matrix.data = first.bytes.data();
    return matrix;
  }
  std::byte* const data =
      allocate(static_cast<std::size_t>(rows * matrix.columns) * bytes_per_weight(wanted));
  auto* const scales =
      wanted == WeightFormat::i8
          ? reinterpret_cast<float*>(allocate(static_cast<std::size_t>(rows) * sizeof(float)))
          : nullptr;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const CheckpointTensor& part = *parts[i];
    const std::size_t place = i * static_cast<std::size_t>(part.element_count());
    if (wanted == WeightFormat::i8) {
      quantize(part, reinterpret_cast<std::int8_t*>(data) + place,
               scales + i * static_cast<std::size_t>(part.shape[0]));
    } else {
      convert(part, format_of(part, checkpoint_), wanted, data + place * bytes_per_weight(wanted));
    }
    checkpoint_.release(part.bytes);
  }
  matrix.data = data;
  matrix.scales = scales;
  return matrix;
}

void WeightLoader::add_block_sums(Linear& layer, Int8Inputs int8_inputs) {
  if (layer.weight.format == WeightFormat::i8 && int8_inputs == Int8Inputs::quantized &&
      is_quantizable(layer.weight.columns)) {
    layer.weight.row_sums = block_sums(layer.weight);
  }
}

// → [quantization_blocks(C), O]
const float* WeightLoader::block_sums(const WeightMatrix& matrix) {
  const auto count = static_cast<std::size_t>(quantization_blocks(matrix.columns) * matrix.rows);
  auto* sums = reinterpret_cast<float*>(allocate(count * sizeof(float)));
  row_sums(static_cast<const std::int8_t*>(matrix.data), matrix.rows, matrix.columns,
           quantization_block(matrix.columns), sums);
  return sums;
}

LayerNorm WeightLoader::layer_norm(const std::string& prefix, std::int64_t size, float epsilon) {
  return {values(prefix + ".weight", {size}), values(prefix + ".bias", {size}), epsilon};
}

LayerNorm WeightLoader::unscaled_norm(const std::string& prefix, std::int64_t size, float epsilon) {
  if (contains(prefix + ".weight")) return layer_norm(prefix, size, epsilon);
  const float* bias = values(prefix + ".bias", {size});
  const auto count = static_cast<std::size_t>(size);
  auto* const weight = reinterpret_cast<float*>(allocate(count * sizeof(float)));
  std::fill(weight, weight + count, 1.0F);
  return {weight, bias, epsilon};
}

Linear WeightLoader::linear_without_bias(const std::string& prefix, std::int64_t outputs,
                                         std::int64_t inputs) {
  return {matrix(prefix + ".weight", {outputs, inputs}), nullptr};
}

void WeightLoader::refuse(const std::string& name, const std::string& problem,
                          ErrorCode code) const {
  throw Error(code, source_of(checkpoint_) + ": tensor '" + name + "' " + problem);
}

std::vector<std::string> WeightLoader::unused() const {
  std::vector<std::string> names;
  for (const CheckpointTensor& tensor : checkpoint_.tensors()) {
    if (!used_.contains(tensor.name)) names.push_back(tensor.name);
  }
  return names;
}

}  // namespace blip
