// What a layer reads, in the form of token panels that it reads it in.
#pragma once

#include <cstdint>
#include <optional>

#include "blip/context.hpp"
#include "kernels/layout/quantized_panels.hpp"
#include "kernels/layout/weight_matrix.hpp"
#include "kernels/linear.hpp"

namespace blip {

/// One of the two.
struct PanelInput {
  std::int64_t panels = 0;
  const float* values = nullptr;                            // [P, C, 16]
  std::optional<QuantizedPanels> quantized = std::nullopt;  // [P, C / 4, 16, 4]
};

/// x: [P, C, 16], quantized if that is what `layer` takes. Valid until the innermost Frame of the
/// context's scratch ends, and as long as x.
[[nodiscard]] PanelInput panels_as_input(const float* x, std::int64_t panels, const Linear& layer,
                                         Context& context);

/// The same from rows: x: [M, C]
[[nodiscard]] PanelInput rows_as_input(const float* x, std::int64_t m, const Linear& layer,
                                       Context& context);

/// → out: [P, O, 16]. `epilogue` is any but bias_residual.
void apply(const PanelInput& input, const Linear& layer, float* out, Context& context,
           Epilogue epilogue);

}  // namespace blip
