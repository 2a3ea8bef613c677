// The way back through the parts of a layer against differences of the way forth.
#include "model/layer_gradients.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "kernels/float/gelu.hpp"
#include "kernels/layout/convert.hpp"
#include "kernels/linear.hpp"

namespace blip {
namespace {

std::vector<float> random_floats(std::size_t count, unsigned seed, float scale = 1) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> values(count);
  for (float& value : values) value = normal(engine);
  return values;
}

using Function = std::function<std::vector<float>(const std::vector<float>&)>;

// What the gradient of sum(weights * f(x)) is by central differences, which hold to some 1e-3.
void expect_gradient(const Function& f, std::vector<float> x, const std::vector<float>& weights,
                     const float* gradient) {
  const auto value = [&] {
    const std::vector<float> y = f(x);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      sum += static_cast<double>(weights[i]) * static_cast<double>(y[i]);
    }
    return sum;
  };
  constexpr float kStep = 1e-2F;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float kept = x[i];
    x[i] = kept + kStep;
    const double above = value();
    x[i] = kept - kStep;
    const double below = value();
    x[i] = kept;
    EXPECT_NEAR(static_cast<double>(gradient[i]),
                (above - below) / (2 * static_cast<double>(kStep)), 3e-3)
        << i;
  }
}

constexpr std::int64_t kTokens = 3;
constexpr std::int64_t kLosses = 2;

// d: two losses' gradients of y; each is to become that of x.
void expect_gradients(const Function& f, const std::vector<float>& x, const std::vector<float>& d,
                      const std::vector<float>& result) {
  const std::size_t out = d.size() / kLosses;
  for (std::size_t loss = 0; loss < kLosses; ++loss) {
    const auto first = d.begin() + static_cast<std::ptrdiff_t>(loss * out);
    expect_gradient(f, x, {first, first + static_cast<std::ptrdiff_t>(out)},
                    result.data() + loss * x.size());
  }
}

TEST(LayerGradients, OfLayerNorm) {
  constexpr std::int64_t kChannels = 7;
  Context context({.num_threads = 2});
  const std::vector<float> weight = random_floats(kChannels, 1);
  const std::vector<float> bias = random_floats(kChannels, 2);
  const LayerNorm norm = {weight.data(), bias.data(), 1e-5F};
  const std::vector<float> x = random_floats(kTokens * kChannels, 3);
  const std::vector<float> d = random_floats(kLosses * x.size(), 4);
  std::vector<float> result = d;
  layer_norm_gradient(x.data(), norm, kTokens, kChannels, kLosses, result.data(), context);
  expect_gradients(
      [&](const std::vector<float>& input) {
        std::vector<float> y(input.size());
        layer_norm(input.data(), norm, kTokens, kChannels, y.data());
        return y;
      },
      x, d, result);
}

TEST(LayerGradients, OfGelu) {
  constexpr std::int64_t kChannels = 9;
  Context context({.num_threads = 2});
  const std::vector<float> x = random_floats(kTokens * kChannels, 5, 2);
  const std::vector<float> d = random_floats(kLosses * x.size(), 6);
  std::vector<float> result = d;
  gelu_gradient(x.data(), kTokens, kChannels, kLosses, result.data(), context);
  expect_gradients(
      [](std::vector<float> input) {
        add_bias_gelu(input.data(), nullptr, input.size());
        return input;
      },
      x, d, result);
}

// More columns than a thread takes at a time, and more rows than are widened at a time.
TEST(LayerGradients, OfLinearOfEveryFormat) {
  constexpr std::int64_t kOutputs = 2100;
  constexpr std::int64_t kInputs = 100;
  Context context({.num_threads = 2});
  const std::vector<float> weight = random_floats(kOutputs * kInputs, 7);
  const std::vector<float> d = random_floats(kLosses * kOutputs, 8);
  std::vector<std::uint16_t> half(weight.size());
  std::vector<std::int8_t> bytes(weight.size());
  std::vector<float> scales(kOutputs, 0.03F);
  for (std::size_t i = 0; i < weight.size(); ++i) {
    bytes[i] = static_cast<std::int8_t>(
        std::lround(std::min(127.0F, std::max(-127.0F, weight[i] / 0.03F))));
  }
  for (const WeightFormat format :
       {WeightFormat::f32, WeightFormat::f16, WeightFormat::bf16, WeightFormat::i8}) {
    WeightMatrix matrix = {weight.data(), format, kOutputs, kInputs, scales.data()};
    if (format == WeightFormat::i8) {
      matrix.data = bytes.data();
    } else if (format != WeightFormat::f32) {
      convert_from_f32(weight.data(), weight.size(), format, half.data());
      matrix.data = half.data();
    }
    std::vector<float> wide(weight.size());
    convert_rows_to_f32(matrix, 0, kOutputs, wide.data());
    std::vector<float> result(kLosses * kInputs, 1.0F);
    add_linear_gradient(d.data(), kLosses, {matrix, nullptr}, result.data(), context);
    for (std::int64_t loss = 0; loss < kLosses; ++loss) {
      for (std::int64_t c = 0; c < kInputs; ++c) {
        double sum = 1;  // what was there before
        for (std::int64_t o = 0; o < kOutputs; ++o) {
          sum += static_cast<double>(d[static_cast<std::size_t>(loss * kOutputs + o)]) *
                 static_cast<double>(wide[static_cast<std::size_t>(o * kInputs + c)]);
        }
        EXPECT_NEAR(static_cast<double>(result[static_cast<std::size_t>(loss * kInputs + c)]), sum,
                    1e-3);
      }
    }
  }
}

}  // namespace
}  // namespace blip
