// The text transformer's weights: post-norm BERT with cross-attention in every layer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "blip/config.hpp"
#include "kernels/float/layer_norm.hpp"
#include "kernels/layout/weight_matrix.hpp"
#include "model/cross_attention_cache.hpp"
#include "model/weight_loader.hpp"

namespace blip {

/// One attention block with its output projection and the layer norm that follows the residual.
struct AttentionBlock {
  Linear query;   // [H, H]
  Linear key;     // [H, H], or [H, E] for cross-attention
  Linear value;   // the same
  Linear output;  // [H, H]
  LayerNorm layer_norm;
};

struct TextLayer {
  AttentionBlock attention;
  AttentionBlock crossattention;  // empty in a model loaded without
  Linear intermediate;            // [I, H]
  Linear output;                  // [H, I]
  LayerNorm layer_norm;
};

/// Immutable. Sizes come from the configuration.
struct TextModel {
  BlipTextConfig config;
  WeightMatrix word_embeddings;      // [V, H]
  const float* position_embeddings;  // [positions, H]
  LayerNorm embedding_layer_norm;
  std::vector<TextLayer> layers;
  /// [H], the type of all tokens, added to their words; null in BLIP, which has no types.
  const float* token_type_embedding = nullptr;

  /// Keys and values for every layer of the states [sum of lengths, E] of images or questions.
  [[nodiscard]] std::vector<CrossAttentionCache> attend_to(const float* states,
                                                           std::span<const std::int64_t> lengths,
                                                           Context& context) const;
};

/// Where a text model's cross-attention finds its weights.
enum class CrossAttentionWeights {
  in_every_layer,
  none,  ///< a text model alone, or one whose cross-attention is another
};

/// Reads the tensors under `prefix` ("text_decoder.bert."). Keys and values of cross-attention,
/// which images are projected to once, always take quantized inputs where weights are int8.
TextModel load_text_model(
    WeightLoader& loader, const BlipTextConfig& config, const std::string& prefix,
    Int8Inputs int8_inputs,
    CrossAttentionWeights cross_attention = CrossAttentionWeights::in_every_layer);

/// The language-model head: transform (dense, GELU, layer norm), then a projection to the
/// vocabulary.
struct LanguageModelHead {
  Linear transform;  // [H, H]
  LayerNorm layer_norm;
  Linear decoder;  // [V, H]; the word embeddings where the checkpoint has no weight of its own
};

/// Reads the tensors under `prefix` ("text_decoder.cls.predictions.").
LanguageModelHead load_language_model_head(WeightLoader& loader, const TextModel& text_model,
                                           const std::string& prefix);

}  // namespace blip
