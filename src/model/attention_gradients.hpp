// The way back through scaled dot-product attention.
#pragma once

#include <cstdint>

#include "blip/context.hpp"
#include "model/cross_attention_cache.hpp"
#include "model/text_activations.hpp"

namespace blip {

/// The widths of a text model's attention.
struct AttentionHeads {
  std::int64_t count = 0;
  std::int64_t size = 0;  // D; H = count * D
};

// Gradients of L losses, as in layer_gradients.hpp. `d_context` is that of what attention returns,
// the sums of values.

/// Of self-attention. d_context: [L, T, H] → d_query, d_key, d_value: [L, T, H]
void self_attention_gradient(const TextLayerActivations& layer, std::int64_t tokens,
                             AttentionHeads heads, std::int64_t losses, const float* d_context,
                             float* d_query, float* d_key, float* d_value, Context& context);

/// d_context: [L, T, H] → out: [L, heads, T, N], the gradient of the probabilities
void cross_probabilities_gradient(const CrossAttentionCache& read, std::int64_t layer,
                                  std::int64_t tokens, AttentionHeads heads, std::int64_t losses,
                                  const float* d_context, float* out, Context& context);

/// Of cross-attention. d_context: [L, T, H] → d_query: [L, T, H] and, unless they are null,
/// d_key, d_value: [L, N, H]
void cross_attention_gradient(const TextLayerActivations& activations,
                              const CrossAttentionCache& read, std::int64_t layer,
                              std::int64_t tokens, AttentionHeads heads, std::int64_t losses,
                              const float* d_context, float* d_query, float* d_key, float* d_value,
                              Context& context);

}  // namespace blip
