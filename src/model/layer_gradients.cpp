#include "model/layer_gradients.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/scratch.hpp"
#include "core/thread_memory.hpp"
#include "core/thread_pool.hpp"
#include "kernels/float/gemm.hpp"
#include "kernels/layout/convert.hpp"
#include "kernels/layout/divide_up.hpp"

namespace blip {
namespace {

// Columns of a weight matrix that one thread takes at a time, and rows of it that are float32 at
// the same time: half a megabyte.
constexpr std::int64_t kColumns = 64;
constexpr std::int64_t kOutputs = 2048;

// The part [first, first + count) of the rows and [column, column + width) of the columns as
// float32: in place, or in `wide` [count, width]
ConstMatrix part_of(const WeightMatrix& weight, std::int64_t first, std::int64_t count,
                    std::int64_t column, std::int64_t width, float* wide) {
  if (weight.format == WeightFormat::f32) {
    const auto* values = static_cast<const float*>(weight.data);
    return {values + first * weight.columns + column, weight.columns};
  }
  for (std::int64_t row = 0; row < count; ++row) {
    convert_part_to_f32(weight, first + row, column, width, wide + row * width);
  }
  return {wide, width};
}

}  // namespace

void add_linear_gradient(const float* d_y, std::int64_t rows, const Linear& layer, float* d_x,
                         Context& context) {
  const Scratch::Frame frame(context.scratch());
  const WeightMatrix& weight = layer.weight;
  const auto products = allocate_for_threads<float>(context, rows * kColumns);
  const auto wide = allocate_for_threads<float>(
      context, weight.format == WeightFormat::f32 ? 0 : kOutputs * kColumns);
  const auto parts = static_cast<std::size_t>(divide_up(weight.columns, kColumns));
  context.threads().parallel_for(parts, [&](std::size_t part, int thread) {
    const std::int64_t column = static_cast<std::int64_t>(part) * kColumns;
    const std::int64_t width = std::min(kColumns, weight.columns - column);
    float* product = products[static_cast<std::size_t>(thread)];
    for (std::int64_t first = 0; first < weight.rows; first += kOutputs) {
      const std::int64_t count = std::min(kOutputs, weight.rows - first);
      multiply({d_y + first, weight.rows},
               part_of(weight, first, count, column, width, wide[static_cast<std::size_t>(thread)]),
               product, width, rows, width, count);
      for (std::int64_t row = 0; row < rows; ++row) {
        float* out = d_x + row * weight.columns + column;
        for (std::int64_t c = 0; c < width; ++c) out[c] += product[row * width + c];
      }
    }
  });
}

// With n = (x - mean) / deviation and g = d · weight, the gradient of x is
// (g - mean(g) - n · mean(g · n)) / deviation.
void layer_norm_gradient(const float* x, const LayerNorm& norm, std::int64_t tokens,
                         std::int64_t channels, std::int64_t losses, float* d, Context& context) {
  const auto count = static_cast<double>(channels);
  context.threads().parallel_for(static_cast<std::size_t>(tokens), [&](std::size_t task, int) {
    const auto token = static_cast<std::int64_t>(task);
    const float* row = x + token * channels;
    double sum = 0;
    for (std::int64_t c = 0; c < channels; ++c) sum += static_cast<double>(row[c]);
    const double mean = sum / count;
    double squares = 0;
    for (std::int64_t c = 0; c < channels; ++c) {
      const double difference = static_cast<double>(row[c]) - mean;
      squares += difference * difference;
    }
    const double inverse = 1 / std::sqrt(squares / count + static_cast<double>(norm.epsilon));

    for (std::int64_t loss = 0; loss < losses; ++loss) {
      float* own = d + (loss * tokens + token) * channels;
      double mean_g = 0;
      double mean_gn = 0;
      for (std::int64_t c = 0; c < channels; ++c) {
        const double g = static_cast<double>(own[c]) * static_cast<double>(norm.weight[c]);
        mean_g += g / count;
        mean_gn += g * (static_cast<double>(row[c]) - mean) * inverse / count;
      }
      for (std::int64_t c = 0; c < channels; ++c) {
        const double g = static_cast<double>(own[c]) * static_cast<double>(norm.weight[c]);
        const double n = (static_cast<double>(row[c]) - mean) * inverse;
        own[c] = static_cast<float>((g - mean_g - n * mean_gn) * inverse);
      }
    }
  });
}

// gelu(x) = x Φ(x), so its derivative is Φ(x) + x φ(x).
void gelu_gradient(const float* x, std::int64_t tokens, std::int64_t channels, std::int64_t losses,
                   float* d, Context& context) {
  constexpr float kInverseSqrt2 = std::numbers::sqrt2_v<float> / 2;
  constexpr float kInverseSqrt2Pi = kInverseSqrt2 * std::numbers::inv_sqrtpi_v<float>;
  context.threads().parallel_for(static_cast<std::size_t>(tokens), [&](std::size_t task, int) {
    const std::int64_t start = static_cast<std::int64_t>(task) * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      const float value = x[start + c];
      const float slope = 0.5F * (1 + std::erf(value * kInverseSqrt2)) +
                          value * kInverseSqrt2Pi * std::exp(-0.5F * value * value);
      for (std::int64_t loss = 0; loss < losses; ++loss) {
        d[loss * tokens * channels + start + c] *= slope;
      }
    }
  });
}

}  // namespace blip
