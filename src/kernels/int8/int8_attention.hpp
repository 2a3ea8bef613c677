// Self-attention of int8 layers: both products in integers (kernels/int8/int8_multiply.hpp).
//
// A query is quantized as any layer's input is. A key is what a weight's row is to a layer: signed,
// with a scale of its own. So is a value, whose scale goes into the probability it is multiplied
// by: sums over keys have then one scale for all of them.
#pragma once

#include <cstdint>

#include "blip/context.hpp"
#include "kernels/layout/attention_shape.hpp"
#include "kernels/layout/quantized_panels.hpp"
#include "kernels/layout/weight_matrix.hpp"

namespace blip {

/// Whether heads can be read four channels at a time, and sums over all tokens fit 32 bits.
[[nodiscard]] bool can_attend_in_int8(const AttentionShape& shape);

/// Queries, keys and values of all heads, in memory that someone else owns.
struct AttentionOperands {
  AttentionShape shape;
  std::uint8_t* queries = nullptr;  // [B, heads, P, D / 4, 16, 4]
  float* query_steps = nullptr;     // [B, heads, P, 16]
  float* query_offsets = nullptr;   // [B, heads, P, 16]
  std::int8_t* keys = nullptr;      // [B, heads, P * 16, D]
  float* key_scales = nullptr;      // [B, heads, P * 16]
  float* key_sums = nullptr;        // [B, heads, P * 16]: of a key's stored values
  std::int8_t* values = nullptr;    // [B, heads, D, value_stride]
  float* value_scales = nullptr;    // [B, heads, P * 16]
};

/// Uninitialised, valid until the innermost Frame of `scratch` ends.
[[nodiscard]] AttentionOperands allocate_attention_operands(Scratch& scratch,
                                                            const AttentionShape& shape);

/// x: [B * P, C / 4, 16, 4], weight: [3 * heads * D, C] int8 → the operands
void int8_attention_inputs(const QuantizedPanels& x, const Linear& qkv,
                           const AttentionOperands& operands, Context& context);

/// → out: [B, P, heads, D, 16]. What the places past the last token hold, no token feels.
void int8_attention(const AttentionOperands& operands, float* out, Context& context);

}  // namespace blip
