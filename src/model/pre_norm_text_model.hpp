// The pre-norm text tower of CLIP: from token ids to states.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "architectures/text_transformer.hpp"
#include "blip/context.hpp"
#include "blip/tokenizer.hpp"
#include "kernels/float/layer_norm.hpp"
#include "kernels/layout/weight_matrix.hpp"
#include "kernels/linear.hpp"
#include "model/weight_loader.hpp"

namespace blip {

/// Immutable. Texts of any lengths go through it one after the other and without padding: a text's
/// states do not depend on its neighbours.
class PreNormTextModel {
 public:
  PreNormTextModel(WeightLoader& loader, const TextTransformer& tower);

  /// texts → out: [tokens of all texts, H], after the last norm. Throws invalid_argument for an
  /// empty text or an id outside the vocabulary, limit_exceeded past the last position.
  void encode(std::span<const std::vector<TokenId>> texts, float* out, Context& context) const;

  /// The states of one token of each text, rows[i] of texts[i]: → out: [texts, H]. Any number of
  /// texts: they go through the layers in parts. Throws as encode.
  void encode_rows(std::span<const std::vector<TokenId>> texts, std::span<const std::size_t> rows,
                   float* out, Context& context) const;

  [[nodiscard]] const TextTransformer& description() const noexcept { return tower_; }

 private:
  struct Layer {
    LayerNorm layer_norm1;
    Linear qkv;         // [3H, H]
    Linear projection;  // [H, H]
    LayerNorm layer_norm2;
    Linear fc1;  // [I, H]
    Linear fc2;  // [H, I]
  };
  void require_readable(const std::vector<TokenId>& text) const;
  void run_layers(std::span<const std::int64_t> lengths, std::int64_t rows, float* x,
                  Context& context) const;

  TextTransformer tower_;
  Epilogue activation_;
  WeightMatrix token_embedding_;     // [V, H]
  const float* position_embedding_;  // [positions, H]
  std::vector<Layer> layers_;
  LayerNorm final_layer_norm_;
};

}  // namespace blip
