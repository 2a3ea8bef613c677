// linear() in every shape and format it branches on, against a product in double precision.
#include "kernels/linear.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

#include "kernels/convert.hpp"
#include "kernels/quantize_weights.hpp"
#include "kernels/small_gemm.hpp"
#include "reference.hpp"

namespace blip {
namespace {

struct Weights {
  std::vector<float> values;        // what the stored weights are worth
  std::vector<std::uint16_t> bits;  // the 16-bit formats
  std::vector<std::int8_t> bytes;   // int8
  std::vector<float> scales;
  WeightMatrix matrix;
};

Weights make_weights(WeightFormat format, std::size_t outputs, std::size_t inputs) {
  Weights weights;
  weights.values = random_floats(outputs * inputs, 11);
  const auto rows = static_cast<std::int64_t>(outputs);
  const auto columns = static_cast<std::int64_t>(inputs);
  if (format == WeightFormat::i8) {
    weights.bytes.resize(weights.values.size());
    weights.scales.resize(outputs);
    quantize_rows(weights.values.data(), rows, columns, weights.bytes.data(),
                  weights.scales.data());
    for (std::size_t i = 0; i < weights.values.size(); ++i) {
      weights.values[i] = weights.scales[i / inputs] * static_cast<float>(weights.bytes[i]);
    }
    weights.matrix = {weights.bytes.data(), format, rows, columns, weights.scales.data(), nullptr};
    return weights;
  }
  if (format != WeightFormat::f32) {
    weights.bits.resize(weights.values.size());
    convert_from_f32(weights.values.data(), weights.values.size(), format, weights.bits.data());
    convert_to_f32(weights.bits.data(), format, weights.values.size(), weights.values.data());
  }
  weights.matrix = {format == WeightFormat::f32 ? static_cast<const void*>(weights.values.data())
                                                : weights.bits.data(),
                    format, rows, columns};
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
                                           Shape{197, 576, 192}, Shape{130, 200, 2080},
                                           Shape{700, 70, 58}, Shape{1300, 90, 17}));

TEST_P(LinearShapes, MatchesTheDefinition) {
  const auto [rows, outputs, inputs] = GetParam();
  const std::vector<float> x = random_floats(rows * inputs, 12);
  const std::vector<float> bias = random_floats(outputs, 13);
  const std::vector<float> residual = random_floats(rows * outputs, 14);
  // Rounding adds up to a unit of the last place of sums that grow as the root of their terms.
  const auto terms = static_cast<double>(inputs);
  const double tolerance = std::max(2e-6 * std::sqrt(terms), 7.2e-8 * terms) + 1e-6;
  for (const WeightFormat format :
       {WeightFormat::f32, WeightFormat::f16, WeightFormat::bf16, WeightFormat::i8}) {
    const Weights weights = make_weights(format, outputs, inputs);
    const Linear layer{weights.matrix, bias.data()};
    const std::vector<double> expected = product(x, weights.values, rows, inputs);
    on_every_path([&](const std::string& target) {
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

// What float32 can say of the stored numbers, a plain loop says: whole numbers, whose sums are
// exact in any order, and one rounding where the scale comes in.
TEST(SmallGemm, ScalesInt8OnceAtTheEnd) {
  for (const std::int64_t channels : {1, 7, 16, 33, 100}) {
    const std::int64_t outputs = 11;
    std::vector<std::int8_t> values(static_cast<std::size_t>(outputs * channels));
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<std::int8_t>(static_cast<int>(i * 37 % 256) - 128);
    }
    const std::vector<float> scales = random_floats(static_cast<std::size_t>(outputs), 21);
    const WeightMatrix weight{values.data(), WeightFormat::i8, outputs,
                              channels,      scales.data(),    nullptr};
    for (const std::int64_t m : {1, 2, 3, 5}) {
      std::vector<float> x(static_cast<std::size_t>(m * channels));
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 13 % 64) - 32.0F;
      on_every_target([&](const char* target) {
        std::vector<float> out(static_cast<std::size_t>(m * outputs));
        small_gemm(x.data(), m, weight, 0, outputs, out.data(), outputs);
        for (std::int64_t i = 0; i < m * outputs; ++i) {
          const std::int64_t output = i % outputs;
          float sum = 0.0F;
          for (std::int64_t c = 0; c < channels; ++c) {
            sum += x[static_cast<std::size_t>(i / outputs * channels + c)] *
                   static_cast<float>(values[static_cast<std::size_t>(output * channels + c)]);
          }
          ASSERT_EQ(out[static_cast<std::size_t>(i)],
                    sum * scales[static_cast<std::size_t>(output)])
              << target << " rows " << m << " channels " << channels;
        }
      });
    }
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
