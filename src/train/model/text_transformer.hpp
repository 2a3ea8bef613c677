// The text transformer in training: BERT with cross-attention, as an encoder or as a decoder.
#pragma once

#include <torch/torch.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "blip/config.hpp"
#include "train/model/layers.hpp"

namespace blip::train {

/// Texts of a batch, padded to one length.
struct TextBatch {
  torch::Tensor ids;   ///< [B, T] int64
  torch::Tensor mask;  ///< [B, T] int64: 1 for a token, 0 for padding
};

/// The same texts with `token` in place of the first: what makes [CLS] of a text [ENC] or [DEC].
TextBatch with_first_token(const TextBatch& texts, std::int64_t token);

struct AttentionWeights {
  Linear query, key, value;
  Linear output;
};

struct TextLayer {
  AttentionWeights attention;
  LayerNorm attention_norm;
  /// One, or of an NLVR2 model two, for the left and the right image.
  std::vector<AttentionWeights> crossattention;
  /// NLVR2, from the seventh layer on: [H, 2H]; before, the two outputs are averaged.
  std::optional<Linear> merge;
  LayerNorm crossattention_norm;
  Linear intermediate;
  Linear output;
  LayerNorm output_norm;
};

/// What cross-attention reads: the states of an image, of two (NLVR2), or of a question.
struct CrossStates {
  std::vector<torch::Tensor> states;  ///< each [B, N, E]
  torch::Tensor mask;                 ///< [B, N]; undefined: nothing is padding
  /// [B] int64: the first so many texts read the first states, then …; undefined: one each. Keys
  /// and values are made once for all that read them.
  torch::Tensor text_counts{};
};

struct TextTransformer {
  BlipTextConfig config;
  double dropout = 0.1;          ///< of embeddings, attention probabilities and sub-layer outputs
  torch::Tensor word_embedding;  ///< [V, H]
  torch::Tensor position_embedding;  ///< [positions, H]
  LayerNorm embedding_norm;
  std::vector<TextLayer> layers;
  /// States of padding are not computed, they are 0. False: they are, as if padding were tokens
  /// that the others do not see, for a loss that looks at them (Smoothing::of_all_positions).
  bool skips_padding = true;

  /// Unimodal encoder: tokens see the whole text and nothing else → [B, T, H]
  [[nodiscard]] torch::Tensor encode(const TextBatch& texts, bool training) const;
  /// Image-grounded encoder: the whole text, and `states` → [B, T, H]
  [[nodiscard]] torch::Tensor encode(const TextBatch& texts, const CrossStates& states,
                                     bool training) const;
  /// Decoder: the tokens before and itself, and `states` → [B, T, H]
  [[nodiscard]] torch::Tensor decode(const TextBatch& texts, const CrossStates& states,
                                     bool training) const;
};

enum class CrossAttentionKind { single, twin };

/// Names begin with `prefix`, e.g. "text_encoder."; cross-attention reads states of `states_width`.
TextTransformer add_text_transformer(Parameters& parameters, const std::string& prefix,
                                     const BlipTextConfig& config, std::int64_t states_width,
                                     double dropout, Role role,
                                     CrossAttentionKind kind = CrossAttentionKind::single);

/// An encoder that is `decoder` in everything but self-attention and its layer norm, which are
/// new: the sharing of the pre-training model ("all except SA"). What is shared gets `prefix` as a
/// second name.
TextTransformer add_encoder_sharing_with(Parameters& parameters, const std::string& prefix,
                                         const std::string& decoder_prefix,
                                         const TextTransformer& decoder);

/// What makes logits of a decoder's states. Its matrix is the decoder's word embedding.
struct LanguageModelHead {
  Linear transform;
  LayerNorm norm;
  torch::Tensor weight;  ///< [V, H], the word embedding itself
  torch::Tensor bias;    ///< [V]

  /// states: [..., H] → [..., V]
  [[nodiscard]] torch::Tensor logits(const torch::Tensor& states) const;
};

/// `prefix` is "text_decoder.cls.predictions."
LanguageModelHead add_language_model_head(Parameters& parameters, const std::string& prefix,
                                          const TextTransformer& decoder);

}  // namespace blip::train
