#include "model/weight_loader.hpp"

#include <algorithm>
#include <cstring>

#include "blip/error.hpp"
#include "kernels/convert.hpp"

namespace blip {
namespace {

std::string describe(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(size);
  }
  return text + "]";
}

std::string source_of(const Checkpoint& checkpoint) {
  // Of several shards the directory: which one should have held a missing tensor nobody knows.
  const auto& files = checkpoint.files();
  if (files.empty()) return "checkpoint";
  return (files.size() == 1 ? files.front() : files.front().parent_path()).string();
}

WeightFormat format_of(const CheckpointTensor& tensor, const Checkpoint& checkpoint) {
  switch (tensor.dtype) {
    case DType::f32:
      return WeightFormat::f32;
    case DType::f16:
      return WeightFormat::f16;
    case DType::bf16:
      return WeightFormat::bf16;
    default:
      throw Error(ErrorCode::unsupported, source_of(checkpoint) + ": tensor '" + tensor.name +
                                              "' holds " + std::string(name_of(tensor.dtype)) +
                                              ", weights must be F32, F16 or BF16");
  }
}

WeightFormat wanted_format(WeightType type, WeightFormat stored) {
  switch (type) {
    case WeightType::f32:
      return WeightFormat::f32;
    case WeightType::f16:
      return WeightFormat::f16;
    case WeightType::bf16:
      return WeightFormat::bf16;
    case WeightType::stored:
      break;
  }
  return stored;
}

bool aligned(const void* data, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(data) % alignment == 0;
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
                                               describe(shape) + " is missing");
  }
  if (!std::equal(tensor->shape.begin(), tensor->shape.end(), shape.begin(), shape.end())) {
    throw Error(ErrorCode::shape_mismatch, source_of(checkpoint_) + ": tensor '" + name +
                                               "' has shape " + describe(tensor->shape) +
                                               ", config.json asks for " + describe(shape));
  }
  used_.insert(name);
  return *tensor;
}

const void* WeightLoader::converted(const CheckpointTensor& tensor, WeightFormat from,
                                    WeightFormat to) {
  if (from == to && aligned(tensor.bytes.data(), bytes_per_weight(from))) {
    return tensor.bytes.data();
  }
  const auto count = static_cast<std::size_t>(tensor.element_count());
  // Through a copy, so that the kernels see aligned elements.
  AlignedBytes source = allocate_aligned(tensor.bytes.size());
  std::memcpy(source.get(), tensor.bytes.data(), tensor.bytes.size());
  if (from == to) return converted_.emplace_back(std::move(source)).get();

  AlignedBytes full = std::move(source);
  if (from != WeightFormat::f32) {
    AlignedBytes expanded = allocate_aligned(count * sizeof(float));
    convert_to_f32(full.get(), from, count, reinterpret_cast<float*>(expanded.get()));
    full = std::move(expanded);
  }
  if (to == WeightFormat::f32) return converted_.emplace_back(std::move(full)).get();
  AlignedBytes half = allocate_aligned(count * sizeof(std::uint16_t));
  convert_from_f32(reinterpret_cast<const float*>(full.get()), count, to,
                   reinterpret_cast<std::uint16_t*>(half.get()));
  return converted_.emplace_back(std::move(half)).get();
}

WeightMatrix WeightLoader::matrix(const std::string& name,
                                  std::initializer_list<std::int64_t> shape) {
  const CheckpointTensor& tensor = require(name, shape);
  const WeightFormat stored = format_of(tensor, checkpoint_);
  const WeightFormat wanted = wanted_format(weight_type_, stored);
  const std::int64_t rows = *shape.begin();
  return {converted(tensor, stored, wanted), wanted, rows, tensor.element_count() / rows};
}

const float* WeightLoader::values(const std::string& name,
                                  std::initializer_list<std::int64_t> shape) {
  const CheckpointTensor& tensor = require(name, shape);
  return static_cast<const float*>(
      converted(tensor, format_of(tensor, checkpoint_), WeightFormat::f32));
}

Linear WeightLoader::linear(const std::string& prefix, std::int64_t outputs, std::int64_t inputs) {
  return {matrix(prefix + ".weight", {outputs, inputs}), values(prefix + ".bias", {outputs})};
}

LayerNorm WeightLoader::layer_norm(const std::string& prefix, std::int64_t size, float epsilon) {
  return {values(prefix + ".weight", {size}), values(prefix + ".bias", {size}), epsilon};
}

std::vector<std::string> WeightLoader::unused() const {
  std::vector<std::string> names;
  for (const CheckpointTensor& tensor : checkpoint_.tensors()) {
    if (!used_.contains(tensor.name)) names.push_back(tensor.name);
  }
  return names;
}

}  // namespace blip
