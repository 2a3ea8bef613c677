// TextTransformer: what tells one pre-norm text transformer from another (CLIP's, SigLIP's).
#pragma once

#include <cstdint>
#include <string>

#include "architectures/activation.hpp"
#include "architectures/expected_tensors.hpp"

namespace blip {

/// Which tokens of its text a token sees.
enum class TextMask {
  none,    ///< all
  causal,  ///< itself and those before it
};

struct TextTransformer {
  std::string prefix;  ///< "text_model."

  std::int64_t vocab_size = 0;
  std::int64_t max_position_embeddings = 0;
  std::int64_t hidden_size = 0;        // H
  std::int64_t intermediate_size = 0;  // I
  int num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  float layer_norm_eps = 0.0F;
  Activation activation = Activation::quick_gelu;
  TextMask mask = TextMask::causal;
};

/// Every tensor of the tower, in the order of the data's way through it.
void add_text_transformer(ExpectedTensorList& list, const TextTransformer& tower);

}  // namespace blip
