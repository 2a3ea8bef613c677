#include "architectures/bert_tensors.hpp"

namespace blip {

void add_bert_embeddings(ExpectedTensorList& list, const std::string& prefix,
                         std::int64_t vocab_size, std::int64_t positions, std::int64_t width) {
  list.matrix(prefix + "embeddings.word_embeddings.weight", vocab_size, width);
  list.add(prefix + "embeddings.position_embeddings.weight", {positions, width});
  list.layer_norm(prefix + "embeddings.LayerNorm", width);
}

std::string bert_layer_prefix(const std::string& prefix, int index) {
  return prefix + "encoder.layer." + std::to_string(index) + ".";
}

void add_bert_projections(ExpectedTensorList& list, const std::string& prefix, std::int64_t width,
                          std::int64_t source_width) {
  list.linear(prefix + ".query", width, width);
  list.linear(prefix + ".key", width, source_width);
  list.linear(prefix + ".value", width, source_width);
}

void add_bert_self_attention(ExpectedTensorList& list, const std::string& layer,
                             std::int64_t width) {
  add_bert_projections(list, layer + "attention.self", width, width);
  list.linear(layer + "attention.output.dense", width, width);
  list.layer_norm(layer + "attention.output.LayerNorm", width);
}

void add_bert_feed_forward(ExpectedTensorList& list, const std::string& layer, std::int64_t width,
                           std::int64_t inner) {
  list.linear(layer + "intermediate.dense", inner, width);
  list.linear(layer + "output.dense", width, inner);
  list.layer_norm(layer + "output.LayerNorm", width);
}

}  // namespace blip
