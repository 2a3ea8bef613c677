// The way back through a layer's parts: from the gradient of what comes out to that of what goes
// in. Of weights no gradient is made.
#pragma once

#include <cstdint>

#include "blip/context.hpp"
#include "kernels/float/layer_norm.hpp"
#include "kernels/layout/weight_matrix.hpp"

namespace blip {

// Gradients of L losses with respect to the same T rows lie one after the other: [L * T, C]. Row i
// of them belongs to row i % T of what was computed.

/// y = x·Wᵀ + b. d_y: [rows, O] → d_x: [rows, C] += d_y·W, in float32 whatever the format of W.
/// Rounding of inputs to integers, which int8 weights may come with, counts as no change.
void add_linear_gradient(const float* d_y, std::int64_t rows, const Linear& layer, float* d_x,
                         Context& context);

/// y = layer_norm(x). x: [T, C], d: [L * T, C], the gradient of y → that of x, in place
void layer_norm_gradient(const float* x, const LayerNorm& norm, std::int64_t tokens,
                         std::int64_t channels, std::int64_t losses, float* d, Context& context);

/// y = gelu(x), the exact one. x: [T, C], d: [L * T, C] → in place
void gelu_gradient(const float* x, std::int64_t tokens, std::int64_t channels, std::int64_t losses,
                   float* d, Context& context);

}  // namespace blip
