// Token panels: the layout the vision encoder computes in.
//
// Sixteen tokens lie side by side: x[panel][channel][token], [P, C, 16]. A vector then holds one
// channel of several tokens, and everything a transformer does to a token runs down the vector
// lanes without crossing them: a product reads weights one by one as the file has them (nothing is
// packed, for either operand), a norm or a softmax is a loop, and the sum of a token's product is
// taken in the same order whatever other tokens are computed beside it.
#pragma once

#include <cstdint>

#include "core/thread_pool.hpp"
#include "kernels/layout/divide_up.hpp"

namespace blip {

/// Sixteen floats are a vector of AVX-512 and whole vectors of every narrower instruction set.
constexpr std::int64_t kPanelTokens = 16;

/// Panels that go through the layers together, where there is a choice: those of two images of 577
/// tokens. With fewer, all weights are read for little work; with more, what a layer hands to the
/// next (1.8 MB an image, 768 channels in float32) would not stay in the cores' caches.
constexpr std::int64_t kPanelsAtOnce = 74;

constexpr std::int64_t panel_count(std::int64_t tokens) {
  return divide_up(tokens, kPanelTokens);
}

/// rows: [N, C] → panels: [panel_count(N), C, 16], zero for the tokens past the last
void rows_to_panels(const float* rows, std::int64_t tokens, std::int64_t channels, float* panels,
                    ThreadPool& threads);

/// panels: [panel_count(N), C, 16] → rows: [N, C], each with `residual`'s [N, C] added to it unless
/// that is null; it may be rows itself.
void panels_to_rows(const float* panels, std::int64_t tokens, std::int64_t channels, float* rows,
                    ThreadPool& threads, const float* residual = nullptr);

}  // namespace blip
