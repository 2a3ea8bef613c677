// Self-attention over token panels (kernels/layout/panels.hpp): the vision encoder's.
#pragma once

#include "blip/context.hpp"
#include "kernels/layout/attention_shape.hpp"

namespace blip {

/// qkv: [B, P, 3, heads, D, 16] → out: [B, P, heads, D, 16]. Whatever the places past the last
/// token of an image hold (finite), no token feels them. The N × N scores are never whole in
/// memory.
void panel_attention(const float* qkv, const AttentionShape& shape, float* out, Context& context);

}  // namespace blip
