// torch.nn.Linear over token panels by AMX, to float32's own accuracy
// (kernels/amx/split_panels.hpp).
#pragma once

#include <cstdint>

#include "blip/context.hpp"
#include "kernels/layout/weight_matrix.hpp"
#include "kernels/linear.hpp"

namespace blip {

/// Whether this machine and the layer's shape allow it.
[[nodiscard]] bool can_split(const WeightMatrix& weight);

/// panel_linear(), whose arguments these are.
void split_linear(const float* x, std::int64_t panels, const Linear& layer, float* out,
                  Context& context, Epilogue epilogue, const float* residual);

}  // namespace blip
