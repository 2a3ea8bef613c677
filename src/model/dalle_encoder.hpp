// DalleEncoder: DALL-E's text encoder, a BART with NormFormer's norms.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "blip/context.hpp"
#include "blip/dalle.hpp"
#include "model/dalle_layers.hpp"

namespace blip {

class DalleEncoder {
 public:
  DalleEncoder(WeightLoader& loader, const DalleConfig& config);

  /// texts: token ids in the vocabulary, of 1 to max_text_length each → out: [tokens of all, E]. No
  /// text sees another.
  void encode(std::span<const std::vector<TokenId>> texts, float* out, Context& context) const;

 private:
  struct Layer {
    DalleAttention attention;
    GatedLinearUnit unit;
  };

  std::int64_t width_;
  std::int64_t heads_;
  DalleEmbeddings embeddings_;
  std::vector<Layer> layers_;
  LayerNorm final_norm_;
};

}  // namespace blip
