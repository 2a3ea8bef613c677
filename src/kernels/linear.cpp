#include "kernels/linear.hpp"

#include <algorithm>
#include <cstddef>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/gelu.hpp"
#include "kernels/int8_linear.hpp"
#include "kernels/panel_linear.hpp"
#include "kernels/panels.hpp"
#include "kernels/quantized_panels.hpp"
#include "kernels/small_gemm.hpp"

namespace blip {
namespace {

// Up to this many rows the product is bound by reading the weights, which small_gemm does best.
constexpr std::int64_t kSmallRows = 24;

// A tile of small_gemm: enough work (64 rows × 768 × 4 bytes = 196 KB of weights) to hide the cost
// of handing it out, small enough that two threads finish together.
constexpr std::int64_t kSmallTileOutputs = 64;

struct Product {
  const float* x;
  std::int64_t rows;
  const Linear& layer;
  float* out;
  Epilogue epilogue;
  const float* residual;
};

// Applies the epilogue to outputs [first, first + outputs) of every row.
void finish_tile(const Product& product, std::int64_t first, std::int64_t outputs) {
  const std::int64_t stride = product.layer.weight.rows;
  const float* bias = product.layer.bias == nullptr ? nullptr : product.layer.bias + first;
  for (std::int64_t row = 0; row < product.rows; ++row) {
    float* out = product.out + row * stride + first;
    if (product.epilogue == Epilogue::bias_gelu) {
      add_bias_gelu(out, bias, static_cast<std::size_t>(outputs));
      continue;
    }
    if (bias != nullptr) {
      for (std::int64_t i = 0; i < outputs; ++i) out[i] += bias[i];
    }
    if (product.epilogue == Epilogue::bias_residual) {
      const float* residual = product.residual + row * stride + first;
      for (std::int64_t i = 0; i < outputs; ++i) out[i] += residual[i];
    }
  }
}

void multiply_small(const Product& product, ThreadPool& threads) {
  const WeightMatrix& weight = product.layer.weight;
  const std::int64_t tiles = (weight.rows + kSmallTileOutputs - 1) / kSmallTileOutputs;
  threads.parallel_for(static_cast<std::size_t>(tiles), [&](std::size_t tile, int) {
    const std::int64_t first = static_cast<std::int64_t>(tile) * kSmallTileOutputs;
    const std::int64_t outputs = std::min(kSmallTileOutputs, weight.rows - first);
    small_gemm(product.x, product.rows, weight, first, outputs, product.out, weight.rows);
    finish_tile(product, first, outputs);
  });
}

// Through token panels, the residual excepted, which is laid out as the rows are.
void multiply_panels(const Product& product, Context& context) {
  const WeightMatrix& weight = product.layer.weight;
  Scratch& scratch = context.scratch();
  const std::int64_t panels = panel_count(product.rows);
  const auto tokens = static_cast<std::size_t>(panels * kPanelTokens);
  auto* x = scratch.allocate<float>(tokens * static_cast<std::size_t>(weight.columns));
  auto* out = scratch.allocate<float>(tokens * static_cast<std::size_t>(weight.rows));
  const bool adds_residual = product.epilogue == Epilogue::bias_residual;
  const Epilogue epilogue = adds_residual ? Epilogue::bias : product.epilogue;

  rows_to_panels(product.x, product.rows, weight.columns, x, context.threads());
  if (takes_quantized_input(product.layer)) {
    const QuantizedPanels quantized = allocate_quantized_panels(scratch, panels, weight.columns);
    quantize_panels(x, panels, quantized, context.threads());
    int8_linear(quantized, panels, product.layer, out, context, epilogue);
  } else {
    panel_linear(x, panels, product.layer, out, context, epilogue);
  }
  panels_to_rows(out, product.rows, weight.rows, product.out, context.threads(),
                 adds_residual ? product.residual : nullptr);
}

}  // namespace

void linear(const float* x, std::int64_t m, const Linear& layer, float* out, Context& context,
            Epilogue epilogue, const float* residual) {
  const Scratch::Frame frame(context.scratch());
  const Product product{x, m, layer, out, epilogue, residual};
  // A quantized product is one however few its rows are: a text's answer must not depend on the
  // texts beside it.
  if (m <= kSmallRows && !takes_quantized_input(layer)) {
    multiply_small(product, context.threads());
  } else {
    multiply_panels(product, context);
  }
}

}  // namespace blip
