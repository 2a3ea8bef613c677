#include "architectures/blip/tensors.hpp"

#include <string>
#include <utility>

#include "architectures/bert_tensors.hpp"
#include "architectures/blip/architectures.hpp"
#include "architectures/blip/vision_transformer.hpp"

namespace blip {
namespace {

// From this layer on, the two cross-attentions of BlipForNLVR are merged by a linear layer; below,
// by their mean.
constexpr int kFirstMergeLayer = 6;

// BlipForNLVR looks at two images: everything of a cross-attention twice but its norm.
void add_twin_attention(ExpectedTensorList& list, const std::string& prefix, std::int64_t width,
                        std::int64_t source_width, bool merges) {
  add_bert_projections(list, prefix + ".self0", width, source_width);
  add_bert_projections(list, prefix + ".self1", width, source_width);
  list.linear(prefix + ".output.dense0", width, width);
  list.linear(prefix + ".output.dense1", width, width);
  if (merges) list.linear(prefix + ".output.merge_layer", width, 2 * width);
  list.layer_norm(prefix + ".output.LayerNorm", width);
}

// source_width: of the states that cross-attention reads.
void add_text(ExpectedTensorList& list, const std::string& prefix, const BlipTextConfig& config,
              std::int64_t source_width, bool twin = false) {
  const std::int64_t width = config.hidden_size;
  add_bert_embeddings(list, prefix, config.vocab_size, config.max_position_embeddings, width);
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    const std::string layer = bert_layer_prefix(prefix, i);
    add_bert_self_attention(list, layer, width);
    if (twin) {
      add_twin_attention(list, layer + "crossattention", width, source_width,
                         i >= kFirstMergeLayer);
    } else {
      add_bert_projections(list, layer + "crossattention.self", width, source_width);
      list.linear(layer + "crossattention.output.dense", width, width);
      list.layer_norm(layer + "crossattention.output.LayerNorm", width);
    }
    add_bert_feed_forward(list, layer, width, config.intermediate_size);
  }
}

void add_decoder(ExpectedTensorList& list, const BlipTextConfig& config,
                 std::int64_t source_width) {
  add_text(list, "text_decoder.bert.", config, source_width);
  const std::string head = "text_decoder.cls.predictions.";
  list.add(head + "bias", {config.vocab_size});
  list.linear(head + "transform.dense", config.hidden_size, config.hidden_size);
  list.layer_norm(head + "transform.LayerNorm", config.hidden_size);
  list.matrix(head + "decoder.weight", config.vocab_size, config.hidden_size,
              "text_decoder.bert.embeddings.word_embeddings.weight");
  list.add(head + "decoder.bias", {config.vocab_size}, head + "bias");
}

}  // namespace

void add_captioning_tensors(ExpectedTensorList& list, const BlipConfig& config) {
  add_decoder(list, config.text_config, config.vision_config.hidden_size);
}

void add_answering_tensors(ExpectedTensorList& list, const BlipConfig& config) {
  add_text(list, "text_encoder.", config.text_config, config.vision_config.hidden_size);
  // It reads the question's states, not the image's.
  add_decoder(list, config.text_config, config.text_config.hidden_size);
}

void add_retrieval_tensors(ExpectedTensorList& list, const BlipConfig& config) {
  const std::int64_t image_width = config.vision_config.hidden_size;
  const std::int64_t text_width = config.text_config.hidden_size;
  add_text(list, "text_encoder.", config.text_config, image_width);
  list.linear("vision_proj", config.image_text_hidden_size, image_width);
  list.linear("text_proj", config.image_text_hidden_size, text_width);
  list.linear("itm_head", 2, text_width);
}

void add_reasoning_tensors(ExpectedTensorList& list, const BlipConfig& config) {
  const std::int64_t text_width = config.text_config.hidden_size;
  add_text(list, "text_encoder.", config.text_config, config.vision_config.hidden_size,
           /*twin=*/true);
  list.linear("cls_head.0", text_width, text_width);
  list.linear("cls_head.2", 2, text_width);
}

void add_embedding_tensors(ExpectedTensorList& list, const BlipConfig& config) {
  const std::int64_t image_width = config.vision_config.hidden_size;
  const std::int64_t text_width = config.text_config.hidden_size;
  add_text(list, "text_model.", config.text_config, image_width);
  list.linear("text_model.pooler.dense", text_width, text_width);
  list.matrix("visual_projection.weight", config.projection_dim, image_width);
  list.matrix("text_projection.weight", config.projection_dim, text_width);
  list.add("logit_scale", {});
}

std::string tied_name(std::string_view word_embeddings) {
  constexpr std::string_view kOwn = "bert.embeddings.word_embeddings.weight";
  if (!word_embeddings.ends_with(kOwn)) return {};
  word_embeddings.remove_suffix(kOwn.size());
  return std::string(word_embeddings) + "cls.predictions.decoder.weight";
}

std::vector<ExpectedTensor> expected_tensors(const BlipConfig& config) {
  ExpectedTensorList list;
  const BlipArchitecture& architecture = blip_architecture(config.architecture);
  add_vision_transformer(list, vision_transformer_of(config.vision_config, "vision_model."));
  architecture.add_tensors(list, config);
  std::vector<ExpectedTensor> tensors = list.take();
  for (ExpectedTensor& tensor : tensors) {
    tensor.kept_beside_stand_in = !config.tie_word_embeddings;
  }
  return tensors;
}

std::int64_t parameter_count(const BlipConfig& config) {
  return parameter_count(expected_tensors(config));
}

TensorDifferences compare(const Checkpoint& checkpoint, const BlipConfig& config) {
  return compare(checkpoint, expected_tensors(config));
}

}  // namespace blip
