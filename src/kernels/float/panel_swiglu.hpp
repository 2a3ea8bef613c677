// The gate of a SwiGLU block over token panels (kernels/layout/panels.hpp).
#pragma once

#include <cstdint>

#include "core/thread_pool.hpp"

namespace blip {

/// x: [P, 2 C, 16], the C gates first → out: [P, C, 16] = silu(gate) · the other. out is not x.
void panel_swiglu(const float* x, std::int64_t panels, std::int64_t channels, float* out,
                  ThreadPool& threads);

}  // namespace blip
