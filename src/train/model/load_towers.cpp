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

// What of BERT's rows goes into the first rows of target: [V, ...]. values: [v, ...] → [v', ...],
// v' ≤ V. `vocabulary_rows`: of a vocabulary, if not all in their order.
torch::Tensor rows_for(const torch::Tensor& target, const std::string& name,
                       const torch::Tensor& values,
                       const std::vector<std::int64_t>& vocabulary_rows) {
  const bool is_vocabulary =
      name.find("word_embeddings") != std::string::npos || name == "cls.predictions.bias";
  if (is_vocabulary && !vocabulary_rows.empty() && values.dim() > 0) {
    const torch::Tensor rows = torch::tensor(vocabulary_rows, torch::kInt64);
    return rows.max().item<std::int64_t>() < values.size(0) ? values.index_select(0, rows)
                                                            : torch::Tensor();
  }
  if (values.dim() == 0 || target.dim() == 0) return {};
  if (is_vocabulary) return values;
  // Texts that are shorter than BERT's need its first positions alone.
  const bool are_positions = name.find("position_embeddings") != std::string::npos;
  if (are_positions && values.size(0) > target.size(0)) return values.slice(0, 0, target.size(0));
  return values.size(0) == target.size(0) ? values : torch::Tensor();
}

void copy_rows(const Checkpoint& bert, const std::string& name, const torch::Tensor& values,
               const torch::Tensor& target, const std::vector<std::int64_t>& vocabulary_rows) {
  const torch::Tensor rows = rows_for(target, name, values, vocabulary_rows);
  if (!rows.defined() || rows.dim() != target.dim() || rows.size(0) > target.size(0) ||
      rows.sizes().slice(1) != target.sizes().slice(1)) {
    refuse(bert, name, values, target);
  }
  target.slice(0, 0, rows.size(0)).copy_(rows);
}

// BLIP has no embeddings of sentences; BERT adds that of the first to every word. positions: [P, H]
void add_sentence_embedding(const Checkpoint& bert, const torch::Tensor& positions) {
  const std::string name = "bert.embeddings.token_type_embeddings.weight";
  const CheckpointTensor* source = find_in_bert(bert, name);
  if (source == nullptr) return;
  const torch::Tensor values = to_torch(*source).to(torch::kFloat32);  // [2, H]
  if (values.dim() != 2 || values.size(0) == 0 || values.size(1) != positions.size(1)) {
    refuse(bert, name, values, positions);
  }
  torch::Tensor(positions).add_(values[0]);
}

}  // namespace

std::vector<std::string> load_bert(Parameters& parameters, const std::filesystem::path& bert,
                                   const std::vector<std::int64_t>& vocabulary_rows) {
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
    copy_rows(checkpoint, name, to_torch(*source), parameter.tensor, vocabulary_rows);
    if (name.ends_with(".position_embeddings.weight")) {
      add_sentence_embedding(checkpoint, parameter.tensor);
    }
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

std::vector<std::string> load_backbone(Parameters& parameters,
                                       const std::filesystem::path& classifier) {
  constexpr std::string_view kOwn = "vision_model.embeddings.backbone.";
  constexpr std::string_view kTheirs = "efficientnet.";
  const Checkpoint checkpoint = Checkpoint::open(classifier);
  const torch::NoGradGuard no_grad;
  std::vector<std::string> filled;
  for (const Parameter& parameter : parameters.all()) {
    if (!parameter.name.starts_with(kOwn)) continue;
    const std::string name = std::string(kTheirs) + parameter.name.substr(kOwn.size());
    const CheckpointTensor* source = checkpoint.find(name);
    if (source == nullptr) {
      throw Error(ErrorCode::missing_tensor,
                  source_of(checkpoint) + ": has no tensor " + in_quotes(name));
    }
    const torch::Tensor values = to_torch(*source);
    if (values.sizes() != parameter.tensor.sizes()) {
      refuse(checkpoint, name, values, parameter.tensor);
    }
    torch::Tensor(parameter.tensor).copy_(values);
    filled.push_back(parameter.name);
  }
  return filled;
}

}  // namespace blip::train
