#include "kernels/panel_input.hpp"

#include "core/scratch.hpp"
#include "kernels/float/panel_linear.hpp"
#include "kernels/int8/int8_linear.hpp"
#include "kernels/layout/panels.hpp"

namespace blip {

PanelInput panels_as_input(const float* x, std::int64_t panels, const Linear& layer,
                           Context& context) {
  if (!takes_quantized_input(layer)) return {.panels = panels, .values = x};
  const QuantizedPanels quantized =
      allocate_quantized_panels(context.scratch(), panels, layer.weight.columns);
  quantize_panels(x, panels, quantized, context.threads());
  return {.panels = panels, .quantized = quantized};
}

PanelInput rows_as_input(const float* x, std::int64_t m, const Linear& layer, Context& context) {
  const std::int64_t channels = layer.weight.columns;
  const std::int64_t panels = panel_count(m);
  auto* values =
      context.scratch().allocate<float>(static_cast<std::size_t>(panels * channels * kPanelTokens));
  rows_to_panels(x, m, channels, values, context.threads());
  return panels_as_input(values, panels, layer, context);
}

void apply(const PanelInput& input, const Linear& layer, float* out, Context& context,
           Epilogue epilogue) {
  if (input.quantized) {
    int8_linear(*input.quantized, input.panels, layer, out, context, epilogue);
  } else {
    panel_linear(input.values, input.panels, layer, out, context, epilogue);
  }
}

}  // namespace blip
