#include "checkpoint/expected_tensors.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "blip/error.hpp"
#include "checkpoint/weight_scales.hpp"
#include "core/in_quotes.hpp"

namespace blip {
namespace {

constexpr std::string_view kCaption = "BlipForConditionalGeneration";
constexpr std::string_view kAnswer = "BlipForQuestionAnswering";
constexpr std::string_view kRetrieval = "BlipForImageTextRetrieval";
constexpr std::string_view kReason = "BlipForNLVR";
constexpr std::string_view kModel = "BlipModel";
constexpr std::array kArchitectures = {kCaption, kAnswer, kRetrieval, kReason, kModel};

constexpr std::string_view kPositions = "vision_model.embeddings.position_embedding";
// From this layer on, the two cross-attentions of BlipForNLVR are merged by a linear layer; below,
// by their mean.
constexpr int kFirstMergeLayer = 6;

using Shape = std::vector<std::int64_t>;

class List {
 public:
  void add(std::string name, Shape shape, std::string stand_in = {}) {
    tensors_.push_back({std::move(name), std::move(shape), std::move(stand_in)});
  }
  void matrix(std::string name, std::int64_t outputs, std::int64_t inputs,
              std::string stand_in = {}) {
    tensors_.push_back({std::move(name), {outputs, inputs}, std::move(stand_in), true});
  }
  void linear(const std::string& prefix, std::int64_t outputs, std::int64_t inputs) {
    matrix(prefix + ".weight", outputs, inputs);
    add(prefix + ".bias", {outputs});
  }
  void layer_norm(const std::string& prefix, std::int64_t size) {
    add(prefix + ".weight", {size});
    add(prefix + ".bias", {size});
  }
  std::vector<ExpectedTensor> take() { return std::move(tensors_); }

 private:
  std::vector<ExpectedTensor> tensors_;
};

void add_vision(List& list, const BlipVisionConfig& config) {
  const std::int64_t width = config.hidden_size;
  const std::int64_t edge = config.image_size / config.patch_size;
  const std::string embeddings = "vision_model.embeddings.";
  list.add(embeddings + "class_embedding", {1, 1, width});
  list.add(std::string(kPositions), {1, 1 + edge * edge, width});
  list.add(embeddings + "patch_embedding.weight", {width, 3, config.patch_size, config.patch_size});
  list.add(embeddings + "patch_embedding.bias", {width});
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    const std::string layer = "vision_model.encoder.layers." + std::to_string(i) + ".";
    list.layer_norm(layer + "layer_norm1", width);
    list.linear(layer + "self_attn.qkv", 3 * width, width);
    list.linear(layer + "self_attn.projection", width, width);
    list.layer_norm(layer + "layer_norm2", width);
    list.linear(layer + "mlp.fc1", config.intermediate_size, width);
    list.linear(layer + "mlp.fc2", width, config.intermediate_size);
  }
  list.layer_norm("vision_model.post_layernorm", width);
}

void add_attention(List& list, const std::string& prefix, std::int64_t width,
                   std::int64_t source_width) {
  list.linear(prefix + ".query", width, width);
  list.linear(prefix + ".key", width, source_width);
  list.linear(prefix + ".value", width, source_width);
}

// BlipForNLVR looks at two images: everything of a cross-attention twice but its norm.
void add_twin_attention(List& list, const std::string& prefix, std::int64_t width,
                        std::int64_t source_width, bool merges) {
  add_attention(list, prefix + ".self0", width, source_width);
  add_attention(list, prefix + ".self1", width, source_width);
  list.linear(prefix + ".output.dense0", width, width);
  list.linear(prefix + ".output.dense1", width, width);
  if (merges) list.linear(prefix + ".output.merge_layer", width, 2 * width);
  list.layer_norm(prefix + ".output.LayerNorm", width);
}

// source_width: of the states that cross-attention reads.
void add_text(List& list, const std::string& prefix, const BlipTextConfig& config,
              std::int64_t source_width, bool twin = false) {
  const std::int64_t width = config.hidden_size;
  list.matrix(prefix + "embeddings.word_embeddings.weight", config.vocab_size, width);
  list.add(prefix + "embeddings.position_embeddings.weight",
           {config.max_position_embeddings, width});
  list.layer_norm(prefix + "embeddings.LayerNorm", width);
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    const std::string layer = prefix + "encoder.layer." + std::to_string(i) + ".";
    add_attention(list, layer + "attention.self", width, width);
    list.linear(layer + "attention.output.dense", width, width);
    list.layer_norm(layer + "attention.output.LayerNorm", width);
    if (twin) {
      add_twin_attention(list, layer + "crossattention", width, source_width,
                         i >= kFirstMergeLayer);
    } else {
      add_attention(list, layer + "crossattention.self", width, source_width);
      list.linear(layer + "crossattention.output.dense", width, width);
      list.layer_norm(layer + "crossattention.output.LayerNorm", width);
    }
    list.linear(layer + "intermediate.dense", config.intermediate_size, width);
    list.linear(layer + "output.dense", width, config.intermediate_size);
    list.layer_norm(layer + "output.LayerNorm", width);
  }
}

void add_decoder(List& list, const BlipTextConfig& config, std::int64_t source_width) {
  add_text(list, "text_decoder.bert.", config, source_width);
  const std::string head = "text_decoder.cls.predictions.";
  list.add(head + "bias", {config.vocab_size});
  list.linear(head + "transform.dense", config.hidden_size, config.hidden_size);
  list.layer_norm(head + "transform.LayerNorm", config.hidden_size);
  list.matrix(head + "decoder.weight", config.vocab_size, config.hidden_size,
              "text_decoder.bert.embeddings.word_embeddings.weight");
  list.add(head + "decoder.bias", {config.vocab_size}, head + "bias");
}

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

std::span<const std::string_view> architectures() {
  return kArchitectures;
}

std::vector<ExpectedTensor> expected_tensors(const BlipConfig& config) {
  const BlipTextConfig& text = config.text_config;
  const std::int64_t image_width = config.vision_config.hidden_size;
  const std::int64_t text_width = text.hidden_size;
  const std::string_view name =
      config.architecture.empty() ? kCaption : std::string_view(config.architecture);

  List list;
  add_vision(list, config.vision_config);
  if (name == kCaption) {
    add_decoder(list, text, image_width);
  } else if (name == kAnswer) {
    add_text(list, "text_encoder.", text, image_width);
    // It reads the question's states, not the image's.
    add_decoder(list, text, text_width);
  } else if (name == kRetrieval) {
    add_text(list, "text_encoder.", text, image_width);
    list.linear("vision_proj", config.image_text_hidden_size, image_width);
    list.linear("text_proj", config.image_text_hidden_size, text_width);
    list.linear("itm_head", 2, text_width);
  } else if (name == kReason) {
    add_text(list, "text_encoder.", text, image_width, /*twin=*/true);
    list.linear("cls_head.0", text_width, text_width);
    list.linear("cls_head.2", 2, text_width);
  } else if (name == kModel) {
    add_text(list, "text_model.", text, image_width);
    list.linear("text_model.pooler.dense", text_width, text_width);
    list.matrix("visual_projection.weight", config.projection_dim, image_width);
    list.matrix("text_projection.weight", config.projection_dim, text_width);
    list.add("logit_scale", {});
  } else {
    throw Error(ErrorCode::unsupported,
                in_quotes(config.architecture) + " is not an architecture of BLIP");
  }
  return list.take();
}

std::int64_t parameter_count(const BlipConfig& config) {
  std::int64_t count = 0;
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    if (!tensor.stand_in.empty()) continue;
    std::int64_t elements = 1;
    for (const std::int64_t size : tensor.shape) elements *= size;
    count += elements;
  }
  return count;
}

TensorDifferences compare(const Checkpoint& checkpoint, const BlipConfig& config) {
  TensorDifferences differences;
  std::set<std::string_view> known;
  const std::vector<ExpectedTensor> expected = expected_tensors(config);
  for (const ExpectedTensor& wanted : expected) {
    known.insert(wanted.name);
    const CheckpointTensor* tensor = checkpoint.find(wanted.name);
    // The bias may be there by its other name alone.
    if (tensor == nullptr) {
      const bool is_spared =
          !wanted.stand_in.empty() ||
          std::any_of(expected.begin(), expected.end(), [&](const ExpectedTensor& other) {
            return other.stand_in == wanted.name && other.shape == wanted.shape &&
                   other.name.ends_with(".bias") && checkpoint.find(other.name) != nullptr;
          });
      if (!is_spared) differences.missing.push_back(wanted.name + " " + shape_text(wanted.shape));
      continue;
    }
    const bool fits = tensor->shape == wanted.shape ||
                      (wanted.name == kPositions && is_square_grid(tensor->shape, wanted.shape));
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
