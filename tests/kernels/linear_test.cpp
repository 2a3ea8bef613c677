// linear() in every shape and format it branches on, against a product in double precision.
#include "kernels/linear.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

#include "kernels/int8/int8_small_gemm.hpp"
#include "kernels/int8/quantize_weights.hpp"
#include "kernels/layout/convert.hpp"
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

// x: [M, C] → what its 16-bit integers stand for
std::vector<float> rounded_to_int16(const std::vector<float>& x, std::size_t channels) {
  std::vector<std::int16_t> values(x.size());
  std::vector<float> steps(x.size() / channels);
  round_to_int16(x.data(), static_cast<std::int64_t>(steps.size()),
                 static_cast<std::int64_t>(channels), values.data(), steps.data());
  std::vector<float> rounded(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    rounded[i] = steps[i / channels] * static_cast<float>(values[i]);
  }
  return rounded;
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
  const std::size_t rows = std::get<0>(GetParam());
  const std::size_t outputs = std::get<1>(GetParam());
  const std::size_t inputs = std::get<2>(GetParam());
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
    // Few rows meet int8 weights as 16-bit integers (kernels/int8/int8_small_gemm.hpp).
    const bool rounds = format == WeightFormat::i8 && rows <= 24;
    const std::vector<double> expected =
        product(rounds ? rounded_to_int16(x, inputs) : x, weights.values, rows, inputs);
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
        linear(x.data(), m, layer, out.data(), context, Epilogue::bias_quick_gelu);
        check(Epilogue::bias_quick_gelu,
              [](double value, std::size_t) { return exact_quick_gelu(value); });
        linear(x.data(), m, layer, out.data(), context, Epilogue::bias_tanh_gelu);
        check(Epilogue::bias_tanh_gelu,
              [](double value, std::size_t) { return exact_tanh_gelu(value); });
        linear(x.data(), m, layer, out.data(), context, Epilogue::bias_residual, residual.data());
        check(Epilogue::bias_residual,
              [&](double value, std::size_t i) { return value + residual[i]; });
      }
    });
  }
}

// Sums of the largest products there are do not overflow; those of others are exact but for their
// last rounding.
TEST(Int8SmallGemm, IsTheSumOfTheProducts) {
  for (const std::int64_t channels : {1, 7, 16, 33, 100, 1024, 4100}) {
    const std::int64_t outputs = 11;
    std::vector<std::int8_t> values(static_cast<std::size_t>(outputs * channels));
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = i < 4100 ? std::int8_t{-128}
                           : static_cast<std::int8_t>(static_cast<int>(i * 37 % 256) - 128);
    }
    const std::vector<float> scales = random_floats(static_cast<std::size_t>(outputs), 21);
    const WeightMatrix weight{values.data(), WeightFormat::i8, outputs, channels, scales.data()};
    for (const std::int64_t m : {1, 2, 3, 5}) {
      std::vector<std::int16_t> x(static_cast<std::size_t>(m * channels));
      for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] =
            i < 4100 ? std::int16_t{-32767} : static_cast<std::int16_t>(i * 7919 % 65535 - 32767);
      }
      const std::vector<float> steps = random_floats(static_cast<std::size_t>(m), 22);
      on_every_target([&](const char* target) {
        std::vector<float> out(static_cast<std::size_t>(m * outputs));
        int8_small_gemm({x.data(), steps.data(), m}, weight, 0, outputs, out.data(), outputs);
        for (std::int64_t i = 0; i < m * outputs; ++i) {
          double sum = 0.0;
          double size = 0.0;
          for (std::int64_t c = 0; c < channels; ++c) {
            const double product = double{1} *
                                   x[static_cast<std::size_t>(i / outputs * channels + c)] *
                                   values[static_cast<std::size_t>(i % outputs * channels + c)];
            sum += product;
            size += std::abs(product);
          }
          const double scale = double{1} * steps[static_cast<std::size_t>(i / outputs)] *
                               scales[static_cast<std::size_t>(i % outputs)];
          ASSERT_NEAR(out[static_cast<std::size_t>(i)], sum * scale, 2e-7 * size * std::abs(scale))
              << target << " rows " << m << " channels " << channels;
        }
      });
    }
  }
}

TEST(RoundToInt16, IsWithinHalfAStepAndTellsWhatIsNotFinite) {
  auto x = random_floats(4 * 37, 23);
  std::fill_n(x.begin() + 37, 37, 0.0F);
  x[2 * 37 + 5] = std::numeric_limits<float>::infinity();
  x[3 * 37 + 36] = std::numeric_limits<float>::quiet_NaN();
  on_every_target([&](const char* target) {
    std::vector<std::int16_t> values(x.size());
    std::vector<float> steps(4);
    round_to_int16(x.data(), 4, 37, values.data(), steps.data());
    for (std::size_t i = 0; i < 2 * 37; ++i) {
      const float step = steps[i / 37];
      ASSERT_NEAR(step * static_cast<float>(values[i]), x[i], step * 0.501F) << target;
    }
    EXPECT_EQ(steps[1], 0.0F) << target;
    EXPECT_TRUE(std::isnan(steps[2])) << target;
    EXPECT_TRUE(std::isnan(steps[3])) << target;
  });
}

// What several layers share is only prepared once, and the feed-forward block only stays in panels:
// neither changes a bit. Rows on both sides of the switch from small products.
TEST(Linear, SeveralLayersAndFeedForwardAreTheSameAsOneByOne) {
  const std::size_t width = 64;
  const std::size_t inner = 160;
  for (const bool quantized : {false, true}) {
    const WeightFormat format = quantized ? WeightFormat::i8 : WeightFormat::f32;
    Weights wide = make_weights(format, inner, width);
    Weights narrow = make_weights(format, width, inner);
    std::vector<float> wide_sums(inner);
    std::vector<float> narrow_sums(width);
    if (quantized) {
      row_sums(static_cast<const std::int8_t*>(wide.matrix.data), inner, width, width,
               wide_sums.data());
      row_sums(static_cast<const std::int8_t*>(narrow.matrix.data), width, inner, inner,
               narrow_sums.data());
      wide.matrix.row_sums = wide_sums.data();
      narrow.matrix.row_sums = narrow_sums.data();
    }
    const std::vector<float> bias = random_floats(inner, 24);
    const Linear up{wide.matrix, bias.data()};
    const Linear down{narrow.matrix, bias.data()};
    for (const std::int64_t rows : {3, 24, 25, 50}) {
      const auto x = random_floats(static_cast<std::size_t>(rows) * width, 25);
      on_every_path([&](const std::string& path) {
        Context context({.num_threads = 2});
        std::vector<float> hidden(static_cast<std::size_t>(rows) * inner);
        std::vector<float> first(hidden.size());
        std::vector<float> second(hidden.size());
        linear(x.data(), rows, up, hidden.data(), context);
        const std::vector<LinearOutput> layers = {{&up, first.data()}, {&up, second.data()}};
        linear(x.data(), rows, layers, context);
        EXPECT_EQ(first, hidden) << path << " rows " << rows;
        EXPECT_EQ(second, hidden) << path << " rows " << rows;

        std::vector<float> expected(x.size());
        std::vector<float> found(x.size());
        linear(x.data(), rows, up, hidden.data(), context, Epilogue::bias_gelu);
        linear(hidden.data(), rows, down, expected.data(), context, Epilogue::bias_residual,
               x.data());
        feed_forward(x.data(), rows, up, down, found.data(), context);
        EXPECT_EQ(found, expected) << path << " rows " << rows;
      });
    }
  }
}

// A text's int8 result must not depend on how many rows are computed beside it.
TEST(Linear, QuantizedRowsDoNotFeelEachOther) {
  Weights weights = make_weights(WeightFormat::i8, 70, 64);
  std::vector<float> sums(70);
  row_sums(static_cast<const std::int8_t*>(weights.matrix.data), 70, 64, 64, sums.data());
  weights.matrix.row_sums = sums.data();
  const Linear layer{weights.matrix, nullptr};
  const auto x = random_floats(std::size_t{40} * 64, 26);
  on_every_path([&](const std::string& path) {
    Context context({.num_threads = 2});
    std::vector<float> together(std::size_t{40} * 70);
    linear(x.data(), 40, layer, together.data(), context);
    for (const std::size_t row : {0U, 17U, 39U}) {
      std::vector<float> alone(70);
      linear(x.data() + row * 64, 1, layer, alone.data(), context);
      const auto place = together.begin() + static_cast<std::ptrdiff_t>(row * 70);
      EXPECT_EQ(alone, std::vector<float>(place, place + 70)) << path << " row " << row;
    }
  });
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
