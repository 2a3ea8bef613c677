#include "kernels/linear.hpp"

#include <algorithm>
#include <cstddef>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/float/gelu.hpp"
#include "kernels/float/small_gemm.hpp"
#include "kernels/int8/int8_linear.hpp"
#include "kernels/int8/int8_small_gemm.hpp"
#include "kernels/layout/panels.hpp"
#include "kernels/panel_input.hpp"

namespace blip {
namespace {

// Up to this many rows the product is bound by reading the weights, which small_gemm does best.
// More rows that it must multiply all the same pass a tile of weights in slices of this many, so
// that a slice stays in a second-level cache beside the tile.
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
    const auto count = static_cast<std::size_t>(outputs);
    switch (product.epilogue) {
      case Epilogue::bias_gelu:
        add_bias_gelu(out, bias, count);
        continue;
      case Epilogue::bias_quick_gelu:
        add_bias_quick_gelu(out, bias, count);
        continue;
      case Epilogue::bias_tanh_gelu:
        add_bias_tanh_gelu(out, bias, count);
        continue;
      case Epilogue::bias:
      case Epilogue::bias_residual:
        break;
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

// Calls multiply(first, outputs) for every tile, then finishes it.
template <typename Multiply>
void for_each_small_tile(const Product& product, ThreadPool& threads, const Multiply& multiply) {
  const std::int64_t all = product.layer.weight.rows;
  const std::int64_t tiles = divide_up(all, kSmallTileOutputs);
  threads.parallel_for(static_cast<std::size_t>(tiles), [&](std::size_t tile, int) {
    const std::int64_t first = static_cast<std::int64_t>(tile) * kSmallTileOutputs;
    const std::int64_t outputs = std::min(kSmallTileOutputs, all - first);
    multiply(first, outputs);
    finish_tile(product, first, outputs);
  });
}

// Calls multiply(row, rows) for every slice of the rows.
template <typename Multiply>
void for_each_slice(std::int64_t rows, const Multiply& multiply) {
  for (std::int64_t row = 0; row < rows; row += kSmallRows) {
    multiply(row, std::min(kSmallRows, rows - row));
  }
}

void multiply_small(const Product& product, Context& context) {
  const WeightMatrix& weight = product.layer.weight;
  if (weight.format != WeightFormat::i8) {
    for_each_small_tile(product, context.threads(), [&](std::int64_t first, std::int64_t outputs) {
      for_each_slice(product.rows, [&](std::int64_t row, std::int64_t rows) {
        small_gemm(product.x + row * weight.columns, rows, weight, first, outputs,
                   product.out + row * weight.rows, weight.rows);
      });
    });
    return;
  }
  const Scratch::Frame frame(context.scratch());
  const auto rows = static_cast<std::size_t>(product.rows);
  auto* values =
      context.scratch().allocate<std::int16_t>(rows * static_cast<std::size_t>(weight.columns));
  auto* steps = context.scratch().allocate<float>(rows);
  round_to_int16(product.x, product.rows, weight.columns, values, steps);
  for_each_small_tile(product, context.threads(), [&](std::int64_t first, std::int64_t outputs) {
    for_each_slice(product.rows, [&](std::int64_t row, std::int64_t count) {
      const Int16Rows x{
          .values = values + row * weight.columns, .steps = steps + row, .count = count};
      int8_small_gemm(x, weight, first, outputs, product.out + row * weight.rows, weight.rows);
    });
  });
}

void multiply_panels(const Product& product, const PanelInput& input, Context& context) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t outputs = product.layer.weight.rows;
  auto* out = context.scratch().allocate<float>(
      static_cast<std::size_t>(input.panels * outputs * kPanelTokens));
  // The residual is laid out as the rows are, and added when they are.
  const bool adds_residual = product.epilogue == Epilogue::bias_residual;
  apply(input, product.layer, out, context, adds_residual ? Epilogue::bias : product.epilogue);
  panels_to_rows(out, product.rows, outputs, product.out, context.threads(),
                 adds_residual ? product.residual : nullptr);
}

// A quantized product is one however few its rows are: a text's answer must not depend on the texts
// beside it.
bool is_small(std::int64_t m, const Linear& layer, RowProduct kernel) {
  if (kernel == RowProduct::by_count) kernel = row_product(m);
  return kernel == RowProduct::few && !takes_quantized_input(layer);
}

}  // namespace

RowProduct row_product(std::int64_t m) {
  return m <= kSmallRows ? RowProduct::few : RowProduct::many;
}

void linear(const float* x, std::int64_t m, const Linear& layer, float* out, Context& context,
            Epilogue epilogue, const float* residual, RowProduct kernel) {
  const Product product{x, m, layer, out, epilogue, residual};
  if (is_small(m, layer, kernel)) {
    multiply_small(product, context);
    return;
  }
  const Scratch::Frame frame(context.scratch());
  multiply_panels(product, rows_as_input(x, m, layer, context), context);
}

void linear(const float* x, std::int64_t m, std::span<const LinearOutput> layers, Context& context,
            RowProduct kernel) {
  const Linear& first = *layers.front().layer;
  const bool quantized = takes_quantized_input(first);
  const bool alike = std::all_of(layers.begin(), layers.end(), [&](const LinearOutput& each) {
    return takes_quantized_input(*each.layer) == quantized;
  });
  if (is_small(m, first, kernel) || !alike) {
    for (const LinearOutput& each : layers) {
      linear(x, m, *each.layer, each.out, context, Epilogue::bias, nullptr, kernel);
    }
    return;
  }
  const Scratch::Frame frame(context.scratch());
  const PanelInput input = rows_as_input(x, m, first, context);
  for (const LinearOutput& each : layers) {
    multiply_panels({x, m, *each.layer, each.out, Epilogue::bias, nullptr}, input, context);
  }
}

void feed_forward(const float* x, std::int64_t m, const Linear& intermediate, const Linear& output,
                  float* out, Context& context, RowProduct kernel) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t inner = intermediate.weight.rows;
  if (is_small(m, intermediate, kernel)) {
    auto* hidden = context.scratch().allocate<float>(static_cast<std::size_t>(m * inner));
    linear(x, m, intermediate, hidden, context, Epilogue::bias_gelu, nullptr, kernel);
    linear(hidden, m, output, out, context, Epilogue::bias_residual, x, kernel);
    return;
  }
  const PanelInput input = rows_as_input(x, m, intermediate, context);
  PanelInput hidden{.panels = input.panels};
  if (takes_quantized_input(intermediate) && takes_quantized_input(output)) {
    hidden.quantized = allocate_quantized_panels(context.scratch(), input.panels, inner);
    int8_linear(*input.quantized, input.panels, intermediate, *hidden.quantized, context,
                Epilogue::bias_gelu);
  } else {
    auto* values = context.scratch().allocate<float>(
        static_cast<std::size_t>(input.panels * inner * kPanelTokens));
    apply(input, intermediate, values, context, Epilogue::bias_gelu);
    hidden = panels_as_input(values, input.panels, output, context);
  }
  multiply_panels({x, m, output, out, Epilogue::bias_residual, x}, hidden, context);
}

}  // namespace blip
