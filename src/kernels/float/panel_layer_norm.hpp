// Layer normalisation over token panels (kernels/layout/panels.hpp).
#pragma once

#include <cstdint>

#include "blip/context.hpp"
#include "core/thread_pool.hpp"
#include "kernels/float/layer_norm.hpp"
#include "kernels/layout/quantized_panels.hpp"

namespace blip {

/// x: [P, C, 16] → out: [P, C, 16], each token over its channels; out may be x
void panel_layer_norm(const float* x, const LayerNorm& norm, std::int64_t panels,
                      std::int64_t channels, float* out, ThreadPool& threads);

/// The same with a quantized result, out: [P, C / 4, 16, 4]
void panel_layer_norm(const float* x, const LayerNorm& norm, std::int64_t panels,
                      const QuantizedPanels& out, Context& context);

}  // namespace blip
