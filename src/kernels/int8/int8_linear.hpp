// torch.nn.Linear with int8 weights and quantized inputs, over all threads of a Context.
#pragma once

#include <cstdint>

#include "blip/context.hpp"
#include "kernels/layout/quantized_panels.hpp"
#include "kernels/layout/weight_matrix.hpp"
#include "kernels/linear.hpp"

namespace blip {

/// Whether the layer's weights are int8 and come with what quantized inputs need.
[[nodiscard]] bool takes_quantized_input(const Linear& layer);

/// x: [P, C / 4, 16, 4], weight: [O, C] int8 → out: [P, O, 16]; residual: [P, O, 16], only for
/// bias_residual; out is not residual.
void int8_linear(const QuantizedPanels& x, std::int64_t panels, const Linear& layer, float* out,
                 Context& context, Epilogue epilogue = Epilogue::bias,
                 const float* residual = nullptr);

/// The same with a quantized result, out: [P, O / 4, 16, 4], that is in memory in no other form.
/// The exact GELU is approximated to 2e-4, below what a step of the result is worth.
void int8_linear(const QuantizedPanels& x, std::int64_t panels, const Linear& layer,
                 const QuantizedPanels& out, Context& context, Epilogue epilogue);

}  // namespace blip
