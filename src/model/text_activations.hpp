// What a text model computes on its way through one text, kept for the way back (gradients).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "blip/context.hpp"
#include "blip/tokenizer.hpp"
#include "model/cross_attention_cache.hpp"
#include "model/text_model.hpp"

namespace blip {

/// What a token of a text sees of it.
enum class TextAttention {
  whole_text,      ///< encoders
  what_is_before,  ///< decoders: the token itself and those before it
};

/// Of one layer, for a text of T tokens that reads N states, those of an image or of a question.
/// The rest of what a layer computes follows from these by a norm or one product.
struct TextLayerActivations {
  std::vector<float> query;                // [T, H], of self-attention
  std::vector<float> key;                  // [T, H]
  std::vector<float> value;                // [T, H]
  std::vector<float> probabilities;        // [heads, T, T]
  std::vector<float> attention_sum;        // [T, H], what the block's layer norm reads
  std::vector<float> cross_query;          // [T, H]
  std::vector<float> cross_probabilities;  // [heads, T, stride], stride being the cache's
  std::vector<float> cross_sum;            // [T, H]
  std::vector<float> output_sum;           // [T, H]
};

struct TextActivations {
  std::int64_t tokens = 0;                   // T
  std::int64_t first_layer = 0;              // none is kept of the layers below
  std::vector<TextLayerActivations> layers;  // from first_layer on
  std::vector<float> states;                 // [T, H], the last layer's

  [[nodiscard]] const TextLayerActivations& of_layer(std::int64_t layer) const {
    return layers.at(static_cast<std::size_t>(layer - first_layer));
  }
};

/// Runs the layers on `text` with the arithmetic of the encoder and the decoder. `read` is what
/// cross-attention reads. Throws what require_embeddable throws, and invalid_argument for an empty
/// text.
TextActivations record_text(const TextModel& model, std::span<const TokenId> text,
                            const CrossAttentionCache& read, TextAttention attention,
                            std::int64_t first_layer, Context& context);

}  // namespace blip
