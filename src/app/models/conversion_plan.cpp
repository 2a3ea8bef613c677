#include "app/models/conversion_plan.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <span>
#include <string>

#include "architectures/registry.hpp"
#include "checkpoint/weight_scales.hpp"

namespace blip::app {
namespace {

bool is_floating_point(DType dtype) {
  return dtype == DType::f64 || dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

bool same_bytes(const CheckpointTensor& left, const CheckpointTensor& right) {
  return left.dtype == right.dtype && left.shape == right.shape &&
         (left.bytes.data() == right.bytes.data() ||
          std::memcmp(left.bytes.data(), right.bytes.data(), left.bytes.size()) == 0);
}

bool same_values(const Checkpoint& checkpoint, const CheckpointTensor& left,
                 const CheckpointTensor& right) {
  if (!same_bytes(left, right)) return false;
  if (left.dtype != DType::i8) return true;
  const CheckpointTensor* scales = checkpoint.find(weight_scale_name(left.name));
  const CheckpointTensor* others = checkpoint.find(weight_scale_name(right.name));
  return scales != nullptr && others != nullptr && same_bytes(*scales, *others);
}

// Names of tensors that another one stands for, as transformers leaves them out: the language
// model head's. Other tensors that share their memory (the two text towers of a checkpoint of
// pre-training) are looked up by each of their names, so each is written.
std::set<std::string> redundant_tensors(const Checkpoint& checkpoint,
                                        std::span<const ExpectedTensor> expected) {
  std::set<std::string> names;
  for (const ExpectedTensor& wanted : expected) {
    if (wanted.stand_in.empty() || wanted.kept_beside_stand_in) continue;
    const CheckpointTensor* tensor = checkpoint.find(wanted.name);
    const CheckpointTensor* other = checkpoint.find(wanted.stand_in);
    if (tensor != nullptr && other != nullptr && same_values(checkpoint, *tensor, *other)) {
      names.insert(wanted.name);
    }
  }
  return names;
}

std::set<std::string> int8_names(std::span<const ExpectedTensor> tensors) {
  std::set<std::string> names;
  for (const ExpectedTensor& tensor : tensors) {
    if (tensor.may_be_int8) names.insert(tensor.name);
  }
  return names;
}

class Planner {
 public:
  Planner(const Checkpoint& checkpoint, const std::filesystem::path& model,
          std::optional<DType> dtype)
      : checkpoint_(checkpoint), dtype_(dtype) {
    const ModelFamily& family = family_of(model);
    redundant_ = redundant_tensors(checkpoint, family.expected_tensors(model));
    if (dtype == DType::i8) int8_names_ = int8_names(family.tensors_of_all_classes(model));
  }

  ConversionPlan plan() && {
    for (const CheckpointTensor& tensor : checkpoint_.tensors()) {
      if (is_kept(tensor)) add(tensor);
    }
    // Tensors in the way of new scales: nobody asks for them.
    std::erase_if(plan_.tensors, [&](const SafetensorsPlace& tensor) {
      return plan_.new_scales.contains(tensor.name);
    });
    for (const auto& [name, matrix] : plan_.new_scales) {
      plan_.tensors.push_back({name, DType::f32, {matrix->shape[0], 1}});
    }
    sort_for_alignment(plan_.tensors);
    return std::move(plan_);
  }

 private:
  [[nodiscard]] bool is_kept(const CheckpointTensor& tensor) const {
    if (const CheckpointTensor* scaled = find_scaled_weight(checkpoint_, tensor.name)) {
      return is_kept(*scaled) && (!dtype_ || dtype_ == DType::i8);
    }
    // Tables of positions, which transformers no longer has.
    return !redundant_.contains(tensor.name) && !tensor.name.ends_with(".position_ids");
  }

  void add(const CheckpointTensor& tensor) {
    DType dtype = tensor.dtype;
    if (dtype_ == DType::i8) {
      if (is_floating_point(dtype) && is_made_int8(tensor.shape) &&
          int8_names_.contains(tensor.name)) {
        dtype = DType::i8;
        plan_.new_scales[weight_scale_name(tensor.name)] = &tensor;
      }
    } else if (dtype_ && (is_floating_point(dtype) || has_scales(tensor))) {
      dtype = *dtype_;
    }
    plan_.tensors.push_back({tensor.name, dtype, tensor.shape});
  }

  [[nodiscard]] bool has_scales(const CheckpointTensor& tensor) const {
    return tensor.dtype == DType::i8 && checkpoint_.find(weight_scale_name(tensor.name)) != nullptr;
  }

  const Checkpoint& checkpoint_;
  std::optional<DType> dtype_;
  std::set<std::string> redundant_;
  std::set<std::string> int8_names_;
  ConversionPlan plan_;
};

}  // namespace

DType ConversionPlan::main_dtype() const {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    const bool some = std::any_of(tensors.begin(), tensors.end(), [&](const auto& tensor) {
      return tensor.dtype == dtype && tensor.shape.size() > 1 &&
             !tensor.name.ends_with(".weight_scale");
    });
    if (some) return dtype;
  }
  return DType::f32;
}

ConversionPlan plan_conversion(const Checkpoint& checkpoint, const std::filesystem::path& model,
                               std::optional<DType> dtype) {
  return Planner(checkpoint, model, dtype).plan();
}

}  // namespace blip::app
