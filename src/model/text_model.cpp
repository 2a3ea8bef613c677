#include "model/text_model.hpp"

#include <string>

#include "architectures/blip/tensors.hpp"

namespace blip {
namespace {

// `key_size`: the channels of what keys and values are made from, with inputs of `key_inputs`.
AttentionBlock load_attention(WeightLoader& loader, const BlipTextConfig& config,
                              std::int64_t key_size, const std::string& prefix,
                              Int8Inputs int8_inputs, Int8Inputs key_inputs) {
  const std::int64_t hidden = config.hidden_size;
  return {
      .query = loader.linear(prefix + "self.query", hidden, hidden, int8_inputs),
      .key = loader.linear(prefix + "self.key", hidden, key_size, key_inputs),
      .value = loader.linear(prefix + "self.value", hidden, key_size, key_inputs),
      .output = loader.linear(prefix + "output.dense", hidden, hidden, int8_inputs),
      .layer_norm = loader.layer_norm(prefix + "output.LayerNorm", hidden, config.layer_norm_eps),
  };
}

TextLayer load_layer(WeightLoader& loader, const BlipTextConfig& config, const std::string& prefix,
                     Int8Inputs int8_inputs, CrossAttentionWeights cross_attention) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t inner = config.intermediate_size;
  return {
      .attention =
          load_attention(loader, config, hidden, prefix + "attention.", int8_inputs, int8_inputs),
      .crossattention =
          cross_attention == CrossAttentionWeights::none
              ? AttentionBlock{}
              : load_attention(loader, config, config.encoder_hidden_size,
                               prefix + "crossattention.", int8_inputs, Int8Inputs::quantized),
      .intermediate = loader.linear(prefix + "intermediate.dense", inner, hidden, int8_inputs),
      .output = loader.linear(prefix + "output.dense", hidden, inner, int8_inputs),
      .layer_norm = loader.layer_norm(prefix + "output.LayerNorm", hidden, config.layer_norm_eps),
  };
}

// Tied embeddings may be in the file by the decoder's name alone.
std::string embeddings_name(const WeightLoader& loader, const std::string& prefix) {
  const std::string own = prefix + "embeddings.word_embeddings.weight";
  const std::string other = tied_name(own);
  return !loader.contains(own) && !other.empty() && loader.contains(other) ? other : own;
}

}  // namespace

TextModel load_text_model(WeightLoader& loader, const BlipTextConfig& config,
                          const std::string& prefix, Int8Inputs int8_inputs,
                          CrossAttentionWeights cross_attention) {
  const std::int64_t hidden = config.hidden_size;
  TextModel model{
      .config = config,
      .word_embeddings =
          loader.matrix(embeddings_name(loader, prefix), {config.vocab_size, hidden}),
      .position_embeddings = loader.values(prefix + "embeddings.position_embeddings.weight",
                                           {config.max_position_embeddings, hidden}),
      .embedding_layer_norm =
          loader.layer_norm(prefix + "embeddings.LayerNorm", hidden, config.layer_norm_eps),
      .layers = {},
  };
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    model.layers.push_back(load_layer(loader, config,
                                      prefix + "encoder.layer." + std::to_string(i) + ".",
                                      int8_inputs, cross_attention));
  }
  return model;
}

std::vector<CrossAttentionCache> TextModel::attend_to(const float* states,
                                                      std::span<const std::int64_t> lengths,
                                                      Context& context) const {
  std::vector<CrossAttentionProjection> projections;
  projections.reserve(layers.size());
  for (const TextLayer& layer : layers) {
    projections.push_back({&layer.crossattention.key, &layer.crossattention.value});
  }
  return make_cross_attention_caches(projections, states, lengths, config.num_attention_heads,
                                     context);
}

LanguageModelHead load_language_model_head(WeightLoader& loader, const TextModel& text_model,
                                           const std::string& prefix) {
  const std::int64_t hidden = text_model.config.hidden_size;
  const std::int64_t vocabulary = text_model.config.vocab_size;
  LanguageModelHead head;
  head.transform = loader.linear(prefix + "transform.dense", hidden, hidden);
  head.layer_norm =
      loader.layer_norm(prefix + "transform.LayerNorm", hidden, text_model.config.layer_norm_eps);
  // The weight may be tied to the word embeddings, the bias has two names for one parameter;
  // safetensors files keep one of each.
  const std::string weight = prefix + "decoder.weight";
  head.decoder.weight = loader.contains(weight) ? loader.matrix(weight, {vocabulary, hidden})
                                                : text_model.word_embeddings;
  const std::string bias = prefix + "bias";
  head.decoder.bias =
      loader.values(loader.contains(bias) ? bias : prefix + "decoder.bias", {vocabulary});
  return head;
}

}  // namespace blip
