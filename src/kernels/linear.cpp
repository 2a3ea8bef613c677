#include "kernels/linear.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/convert.hpp"
#include "kernels/gelu.hpp"
#include "kernels/gemm.hpp"
#include "kernels/small_gemm.hpp"

namespace blip {
namespace {

// Up to this many rows the product is bound by reading the weights, and small_gemm beats oneDNN's
// packing (measured on AVX2: twice as fast at 3 rows, equal near 24).
constexpr std::int64_t kSmallRows = 24;

// A tile of small_gemm: enough work (64 rows × 768 × 4 bytes = 196 KB of weights) to hide the cost
// of handing it out, small enough that two threads finish together.
constexpr std::int64_t kSmallTileOutputs = 64;

// oneDNN packs both operands on every call, so tiles are as large as sharing out the work allows.
// The caps keep a tile's output and the float32 copy of 16-bit weights within the last-level cache.
constexpr std::int64_t kMaxTileOutputs = 768;
constexpr std::int64_t kMinTileOutputs = 64;
constexpr std::int64_t kMaxTileRows = 640;  // one image of 577 tokens in one tile
constexpr std::int64_t kMinTileRows = 96;

constexpr std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

struct TileGrid {
  std::int64_t tile_rows;
  std::int64_t tile_outputs;
  std::int64_t row_tiles;
  std::int64_t output_tiles;
};

TileGrid grid_of(std::int64_t rows, std::int64_t outputs, std::int64_t tile_rows,
                 std::int64_t tile_outputs) {
  return {tile_rows, tile_outputs, divide_up(rows, tile_rows), divide_up(outputs, tile_outputs)};
}

// Splits the outputs among the threads first (each then packs only its own weights), and the rows
// when the outputs alone do not keep every thread busy.
TileGrid choose_grid(std::int64_t rows, std::int64_t outputs, int threads) {
  const std::int64_t row_tiles = divide_up(rows, kMaxTileRows);
  std::int64_t output_tiles = divide_up(outputs, kMaxTileOutputs);
  const std::int64_t most_output_tiles = std::max<std::int64_t>(outputs / kMinTileOutputs, 1);
  // A multiple of the thread count, so that no thread waits for another's last tile.
  if (row_tiles == 1) output_tiles = divide_up(output_tiles, threads) * threads;
  output_tiles = std::min(output_tiles, most_output_tiles);
  std::int64_t split_rows = row_tiles;
  while (split_rows * output_tiles < threads && divide_up(rows, split_rows * 2) >= kMinTileRows) {
    split_rows *= 2;
  }
  // Rounded to 16 columns, oneDNN's widest micro-kernel on AVX2 and a vector of AVX-512.
  const std::int64_t tile_outputs = divide_up(divide_up(outputs, output_tiles), 16) * 16;
  return grid_of(rows, outputs, divide_up(rows, split_rows), tile_outputs);
}

struct Product {
  const float* x;
  std::int64_t rows;
  const Linear& layer;
  float* out;
  Epilogue epilogue;
  const float* residual;
};

// Applies the epilogue to out[first_row …][first_output …].
void finish_tile(const Product& product, std::int64_t first_row, std::int64_t rows,
                 std::int64_t first_output, std::int64_t outputs) {
  const std::int64_t stride = product.layer.weight.rows;
  const float* bias = product.layer.bias == nullptr ? nullptr : product.layer.bias + first_output;
  for (std::int64_t row = first_row; row < first_row + rows; ++row) {
    float* out = product.out + row * stride + first_output;
    if (product.epilogue == Epilogue::bias_gelu) {
      add_bias_gelu(out, bias, static_cast<std::size_t>(outputs));
      continue;
    }
    if (bias != nullptr) {
      for (std::int64_t i = 0; i < outputs; ++i) out[i] += bias[i];
    }
    if (product.epilogue == Epilogue::bias_residual) {
      const float* residual = product.residual + row * stride + first_output;
      for (std::int64_t i = 0; i < outputs; ++i) out[i] += residual[i];
    }
  }
}

void multiply_small(const Product& product, ThreadPool& threads) {
  const WeightMatrix& weight = product.layer.weight;
  const TileGrid grid = grid_of(product.rows, weight.rows, product.rows, kSmallTileOutputs);
  threads.parallel_for(static_cast<std::size_t>(grid.output_tiles), [&](std::size_t tile, int) {
    const std::int64_t first = static_cast<std::int64_t>(tile) * grid.tile_outputs;
    const std::int64_t outputs = std::min(grid.tile_outputs, weight.rows - first);
    small_gemm(product.x, product.rows, weight, first, outputs, product.out, weight.rows);
    finish_tile(product, 0, product.rows, first, outputs);
  });
}

void multiply_large(const Product& product, ThreadPool& threads, Scratch& scratch) {
  const WeightMatrix& weight = product.layer.weight;
  const TileGrid grid = choose_grid(product.rows, weight.rows, threads.num_threads());
  // 16-bit weights become float32 a tile at a time, in memory of the thread's own.
  std::vector<float*> converted(static_cast<std::size_t>(threads.num_threads()), nullptr);
  if (weight.format != WeightFormat::f32) {
    for (float*& buffer : converted) {
      buffer =
          scratch.allocate<float>(static_cast<std::size_t>(grid.tile_outputs * weight.columns));
    }
  }
  const std::int64_t tiles = grid.row_tiles * grid.output_tiles;
  threads.parallel_for(static_cast<std::size_t>(tiles), [&](std::size_t index, int thread) {
    const auto tile = static_cast<std::int64_t>(index);
    const std::int64_t first_output = tile / grid.row_tiles * grid.tile_outputs;
    const std::int64_t first_row = tile % grid.row_tiles * grid.tile_rows;
    const std::int64_t outputs = std::min(grid.tile_outputs, weight.rows - first_output);
    const std::int64_t rows = std::min(grid.tile_rows, product.rows - first_row);
    const float* weights = nullptr;
    if (weight.format == WeightFormat::f32) {
      weights = static_cast<const float*>(weight.data) + first_output * weight.columns;
    } else {
      float* buffer = converted[static_cast<std::size_t>(thread)];
      convert_rows_to_f32(weight, first_output, outputs, buffer);
      weights = buffer;
    }
    multiply_transposed({product.x + first_row * weight.columns, weight.columns},
                        {weights, weight.columns},
                        product.out + first_row * weight.rows + first_output, weight.rows, rows,
                        outputs, weight.columns);
    finish_tile(product, first_row, rows, first_output, outputs);
  });
}

}  // namespace

void linear(const float* x, std::int64_t m, const Linear& layer, float* out, Context& context,
            Epilogue epilogue, const float* residual) {
  const Scratch::Frame frame(context.scratch());
  const Product product{x, m, layer, out, epilogue, residual};
  if (m <= kSmallRows) {
    multiply_small(product, context.threads());
  } else {
    multiply_large(product, context.threads(), context.scratch());
  }
}

}  // namespace blip
