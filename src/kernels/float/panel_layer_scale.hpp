// LayerScale over token panels (kernels/layout/panels.hpp).
#pragma once

#include <cstdint>

#include "core/thread_pool.hpp"

namespace blip {

/// x, residual: [P, C, 16], scale: [C] → x = residual + scale · x
void panel_layer_scale(float* x, const float* scale, const float* residual, std::int64_t panels,
                       std::int64_t channels, ThreadPool& threads);

}  // namespace blip
