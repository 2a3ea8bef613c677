#include "train/model/load_towers.hpp"

#include <algorithm>
#include <string_view>

#include "architectures/blip/original_names.hpp"
#include "blip/error.hpp"
#include "checkpoint/checkpoint.hpp"
#include "core/in_quotes.hpp"
#include "train/model/position_grid.hpp"
#include "train/run/tensor_file.hpp"

namespace blip::train {
namespace {

constexpr std::string_view kEncoder = "text_encoder.";
constexpr std::string_view kDecoder = "text_decoder.bert.";
constexpr std::string_view kHead = "text_decoder.cls.predictions.";

// The name that BERT has for a tensor; empty: none.
std::string bert_name(std::string_view name) {
  if (name.find(".crossattention.") != std::string_view::npos) return {};
  for (const std::string_view tower : {kEncoder, kDecoder}) {
    if (name.starts_with(tower)) return "bert." + std::string(name.substr(tower.size()));
  }
  if (name.starts_with(kHead)) return "cls.predictions." + std::string(name.substr(kHead.size()));
  return {};
}

std::string with_ending(const std::string& name, std::string_view ending, std::string_view other) {
  if (!name.ends_with(ending)) return name;
  return name.substr(0, name.size() - ending.size()) + std::string(other);
}

const CheckpointTensor* find_in_bert(const Checkpoint& bert, const std::string& name) {
  const std::string old = with_ending(with_ending(name, "LayerNorm.weight", "LayerNorm.gamma"),
                                      "LayerNorm.bias", "LayerNorm.beta");
  for (const std::string& candidate : {name, old}) {
    if (const CheckpointTensor* tensor = bert.find(candidate)) return tensor;
    // Of a BertModel alone, without the head.
    constexpr std::string_view kPrefix = "bert.";
    if (candidate.starts_with(kPrefix)) {
      if (const auto* tensor = bert.find(candidate.substr(kPrefix.size()))) return tensor;
    }
  }
  return nullptr;
}

[[noreturn]] void refuse(const Checkpoint& checkpoint, const std::string& name,
                         const torch::Tensor& values, const torch::Tensor& target) {
  throw Error(ErrorCode::shape_mismatch, source_of(checkpoint) + ": tensor " + in_quotes(name) +
                                             " is " + shape_text(values.sizes()) + " instead of " +
                                             shape_text(target.sizes()));
}

// values: [v, ...] into the first rows of target: [V, ...], v ≤ V
void copy_rows(const Checkpoint& bert, const std::string& name, const torch::Tensor& values,
               const torch::Tensor& target) {
  const bool same_rows = values.dim() == target.dim() && values.dim() > 0 &&
                         values.sizes().slice(1) == target.sizes().slice(1);
  const bool is_vocabulary =
      name.find("word_embeddings") != std::string::npos || name == "cls.predictions.bias";
  if (!same_rows || values.size(0) > target.size(0) ||
      (values.size(0) < target.size(0) && !is_vocabulary)) {
    refuse(bert, name, values, target);
  }
  target.slice(0, 0, values.size(0)).copy_(values);
}

}  // namespace

std::vector<std::string> load_bert(Parameters& parameters, const std::filesystem::path& bert) {
  const Checkpoint checkpoint = Checkpoint::open(bert);
  const torch::NoGradGuard no_grad;
  std::vector<std::string> filled;
  for (const Parameter& parameter : parameters.all()) {
    if (parameter.role != Role::trained) continue;
    const std::string name = bert_name(parameter.name);
    if (name.empty()) continue;
    const CheckpointTensor* source = find_in_bert(checkpoint, name);
    if (source == nullptr) {
      if (parameter.name.starts_with(kHead)) continue;  // a BertModel has none
      throw Error(ErrorCode::missing_tensor,
                  source_of(checkpoint) + ": has no tensor " + in_quotes(name));
    }
    copy_rows(checkpoint, name, to_torch(*source), parameter.tensor);
    filled.push_back(parameter.name);
  }
  return filled;
}

std::vector<std::string> load_timm_vision(Parameters& parameters,
                                          const std::filesystem::path& vision) {
  const Checkpoint checkpoint = Checkpoint::open(vision);
  const torch::NoGradGuard no_grad;
  std::vector<std::string> filled;
  for (const CheckpointTensor& source : checkpoint.tensors()) {
    // BLIP's own checkpoints have timm's names behind a prefix.
    const Parameter* parameter =
        parameters.find(from_original_name("visual_encoder." + source.name));
    if (parameter == nullptr) continue;
    const torch::Tensor values =
        on_grid_of(parameter->tensor, to_torch(source).to(torch::kFloat32), parameter->name);
    if (values.sizes() != parameter->tensor.sizes()) {
      refuse(checkpoint, source.name, values, parameter->tensor);
    }
    torch::Tensor(parameter->tensor).copy_(values);
    filled.push_back(parameter->name);
  }
  for (const Parameter& parameter : parameters.all()) {
    if (parameter.name.starts_with("vision_model.") &&
        std::find(filled.begin(), filled.end(), parameter.name) == filled.end()) {
      throw Error(ErrorCode::missing_tensor,
                  source_of(checkpoint) + ": has nothing for " + in_quotes(parameter.name));
    }
  }
  return filled;
}

}  // namespace blip::train
