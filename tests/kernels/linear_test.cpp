// linear() in every shape and format it branches on, against a product in double precision.
#include "kernels/linear.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

#include "kernels/convert.hpp"
#include "reference.hpp"

namespace blip {
namespace {

struct Weights {
  std::vector<float> values;        // what the stored weights are worth
  std::vector<std::uint16_t> bits;  // the 16-bit formats
  WeightMatrix matrix;
};

Weights make_weights(WeightFormat format, std::size_t outputs, std::size_t inputs) {
  Weights weights;
  weights.values = random_floats(outputs * inputs, 11);
  if (format != WeightFormat::f32) {
    weights.bits.resize(weights.values.size());
    convert_from_f32(weights.values.data(), weights.values.size(), format, weights.bits.data());
    convert_to_f32(weights.bits.data(), format, weights.values.size(), weights.values.data());
  }
  weights.matrix = {format == WeightFormat::f32 ? static_cast<const void*>(weights.values.data())
                                                : weights.bits.data(),
                    format, static_cast<std::int64_t>(outputs), static_cast<std::int64_t>(inputs)};
  return weights;
}

// rows × outputs × inputs: one row, a tile of rows and its remainders, the switch to oneDNN, more
// rows than a tile; outputs that fill no tile; inputs that fill no vector.
using Shape = std::tuple<std::size_t, std::size_t, std::size_t>;
class LinearShapes : public ::testing::TestWithParam<Shape> {};

INSTANTIATE_TEST_SUITE_P(, LinearShapes,
                         ::testing::Values(Shape{1, 1, 1}, Shape{1, 67, 36}, Shape{2, 5, 20},
                                           Shape{3, 64, 768}, Shape{4, 130, 33}, Shape{5, 331, 20},
                                           Shape{24, 96, 64}, Shape{25, 96, 64}, Shape{50, 108, 36},
                                           Shape{197, 576, 192}, Shape{700, 70, 58},
                                           Shape{1300, 90, 17}));

TEST_P(LinearShapes, MatchesTheDefinition) {
  const auto [rows, outputs, inputs] = GetParam();
  const std::vector<float> x = random_floats(rows * inputs, 12);
  const std::vector<float> bias = random_floats(outputs, 13);
  const std::vector<float> residual = random_floats(rows * outputs, 14);
  const double tolerance = 2e-6 * std::sqrt(static_cast<double>(inputs)) + 1e-6;
  for (const WeightFormat format : {WeightFormat::f32, WeightFormat::f16, WeightFormat::bf16}) {
    const Weights weights = make_weights(format, outputs, inputs);
    const Linear layer{weights.matrix, bias.data()};
    const std::vector<double> expected = product(x, weights.values, rows, inputs);
    on_every_target([&](const char* target) {
      for (const int threads : {1, 3}) {
        Context context({.num_threads = threads});
        std::vector<float> out(rows * outputs);
        const auto check = [&](Epilogue epilogue, const auto& finish) {
          for (std::size_t i = 0; i < out.size(); ++i) {
            const double value = finish(expected[i] + bias[i % outputs], i);
            ASSERT_NEAR(out[i], value, tolerance * std::max(1.0, std::abs(value)))
                << target << " epilogue " << static_cast<int>(epilogue) << " element " << i;
          }
        };
        const auto m = static_cast<std::int64_t>(rows);
        linear(x.data(), m, layer, out.data(), context);
        check(Epilogue::bias, [](double value, std::size_t) { return value; });
        linear(x.data(), m, layer, out.data(), context, Epilogue::bias_gelu);
        check(Epilogue::bias_gelu, [](double value, std::size_t) { return exact_gelu(value); });
        linear(x.data(), m, layer, out.data(), context, Epilogue::bias_residual, residual.data());
        check(Epilogue::bias_residual,
              [&](double value, std::size_t i) { return value + residual[i]; });
      }
    });
  }
}

TEST(Linear, MayHaveNoBias) {
  const Weights weights = make_weights(WeightFormat::f32, 4, 8);
  const std::vector<float> x = random_floats(8, 15);
  const std::vector<double> expected = product(x, weights.values, 1, 8);
  Context context({.num_threads = 1});
  std::vector<float> out(4);
  linear(x.data(), 1, {weights.matrix, nullptr}, out.data(), context);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(out[i], expected[i], 1e-5);
}

}  // namespace
}  // namespace blip
