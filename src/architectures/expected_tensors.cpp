#include "architectures/expected_tensors.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include "blip/error.hpp"
#include "checkpoint/weight_scales.hpp"

namespace blip {
namespace {

using Shape = std::vector<std::int64_t>;

std::string shape_text(const Shape& shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  }
  return text + "]";
}

bool is_square_grid(const Shape& shape, const Shape& wanted) {
  if (shape.size() != 3 || shape[0] != 1 || shape[2] != wanted[2] || shape[1] < 2) return false;
  std::int64_t edge = 1;
  while (edge * edge < shape[1] - 1 && edge < 65'536) ++edge;
  return edge * edge == shape[1] - 1;
}

void check_scales(const Checkpoint& checkpoint, const CheckpointTensor& weight,
                  TensorDifferences& differences) {
  try {
    static_cast<void>(read_weight_scales(checkpoint, weight));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::missing_tensor) {
      differences.missing.push_back(weight_scale_name(weight.name) + " " +
                                    shape_text({weight.shape[0], 1}));
    } else {
      differences.unfitting.emplace_back(error.what());
    }
  }
}

}  // namespace

std::int64_t parameter_count(std::span<const ExpectedTensor> tensors) {
  std::int64_t count = 0;
  for (const ExpectedTensor& tensor : tensors) {
    if (!tensor.stand_in.empty()) continue;
    std::int64_t elements = 1;
    for (const std::int64_t size : tensor.shape) elements *= size;
    count += elements;
  }
  return count;
}

TensorDifferences compare(const Checkpoint& checkpoint, std::span<const ExpectedTensor> expected) {
  TensorDifferences differences;
  std::set<std::string_view> known;
  for (const ExpectedTensor& wanted : expected) {
    known.insert(wanted.name);
    const CheckpointTensor* tensor = checkpoint.find(wanted.name);
    // It may be there by its other name alone.
    if (tensor == nullptr) {
      const bool is_spared =
          wanted.may_be_absent || !wanted.stand_in.empty() ||
          std::any_of(expected.begin(), expected.end(), [&](const ExpectedTensor& other) {
            return other.stand_in == wanted.name && other.shape == wanted.shape &&
                   checkpoint.find(other.name) != nullptr;
          });
      if (!is_spared) differences.missing.push_back(wanted.name + " " + shape_text(wanted.shape));
      continue;
    }
    const bool fits = tensor->shape == wanted.shape ||
                      (wanted.may_be_another_grid && is_square_grid(tensor->shape, wanted.shape));
    if (!fits) {
      differences.unfitting.push_back(wanted.name + " is " + shape_text(tensor->shape) +
                                      " instead of " + shape_text(wanted.shape));
    } else if (tensor->dtype == DType::i8 && wanted.may_be_int8) {
      check_scales(checkpoint, *tensor, differences);
    } else if (tensor->dtype != DType::f32 && tensor->dtype != DType::f16 &&
               tensor->dtype != DType::bf16) {
      differences.unfitting.push_back(wanted.name + " holds " +
                                      std::string(name_of(tensor->dtype)) +
                                      " instead of F32, F16 or BF16");
    }
  }
  for (const CheckpointTensor& tensor : checkpoint.tensors()) {
    const CheckpointTensor* scaled = find_scaled_weight(checkpoint, tensor.name);
    if (known.contains(tensor.name) || (scaled != nullptr && known.contains(scaled->name)))
      continue;
    differences.unused.push_back(tensor.name);
  }
  return differences;
}

}  // namespace blip
