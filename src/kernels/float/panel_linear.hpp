// torch.nn.Linear over token panels (kernels/layout/panels.hpp), over all threads of a Context.
#pragma once

#include <cstdint>

#include "blip/context.hpp"
#include "kernels/layout/weight_matrix.hpp"
#include "kernels/linear.hpp"

namespace blip {

/// x: [P, C, 16], weight: [O, C], bias: [O] → out: [P, O, 16], which is neither x nor residual.
/// residual: [P, O, 16], only for bias_residual. A token's sums do not depend on the other tokens.
/// `sequence_tokens`: of each image or text, which begins with a panel of its own; what is left
/// over in its last panel is not computed where that saves time. 0: every place counts.
void panel_linear(const float* x, std::int64_t panels, const Linear& layer, float* out,
                  Context& context, Epilogue epilogue = Epilogue::bias,
                  const float* residual = nullptr, std::int64_t sequence_tokens = 0);

}  // namespace blip
