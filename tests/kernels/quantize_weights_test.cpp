// quantize_rows() and row_sums() against their definitions, at sizes that fill no vector, too.
#include "kernels/int8/quantize_weights.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/layout/convert.hpp"
#include "reference.hpp"

namespace blip {
namespace {

struct Quantized {
  std::vector<std::int8_t> values;
  std::vector<float> scales;
};

Quantized quantize(const std::vector<float>& source, std::size_t rows) {
  Quantized result{std::vector<std::int8_t>(source.size(), 99), std::vector<float>(rows, -1.0F)};
  quantize_rows(source.data(), static_cast<std::int64_t>(rows),
                static_cast<std::int64_t>(source.size() / rows), result.values.data(),
                result.scales.data());
  return result;
}

TEST(QuantizeRows, MatchesTheDefinition) {
  for (const std::size_t columns : {1U, 3U, 8U, 17U, 64U, 100U}) {
    const std::size_t rows = 7;
    const std::vector<float> source = random_floats(rows * columns, 31, 0.05F);
    on_every_target([&](const char* target) {
      const Quantized found = quantize(source, rows);
      for (std::size_t row = 0; row < rows; ++row) {
        float most = 0.0F;
        for (std::size_t c = 0; c < columns; ++c) {
          most = std::max(most, std::fabs(source[row * columns + c]));
        }
        ASSERT_EQ(found.scales[row], most / 127.0F) << target;
        for (std::size_t c = 0; c < columns; ++c) {
          ASSERT_EQ(found.values[row * columns + c],
                    std::nearbyint(source[row * columns + c] / found.scales[row]))
              << target << " columns " << columns;
        }
      }
    });
  }
}

TEST(QuantizeRows, RoundsToNearestEven) {
  // max = 127, so that the scale is 1.
  const std::vector<float> source = {127.0F, 0.5F,  1.5F,   2.5F,        -0.5F,
                                     -1.5F,  -2.5F, 126.5F, 0.49999997F, -127.0F};
  on_every_target([&](const char* target) {
    const Quantized found = quantize(source, 1);
    EXPECT_EQ(found.scales[0], 1.0F) << target;
    EXPECT_EQ(found.values, (std::vector<std::int8_t>{127, 0, 2, 2, 0, -2, -2, 126, 0, -127}))
        << target;
  });
}

TEST(QuantizeRows, RowsDoNotFeelEachOther) {
  const std::vector<float> source = {1.0F, -0.5F, 0.0F, 0.0F, -1e4F, 5e3F};
  const Quantized found = quantize(source, 3);
  EXPECT_EQ(found.values, (std::vector<std::int8_t>{127, -64, 0, 0, -127, 64}));
  EXPECT_EQ(found.scales[0], 1.0F / 127.0F);
  EXPECT_EQ(found.scales[1], 0.0F) << "a row of zeros";
  EXPECT_EQ(found.scales[2], 1e4F / 127.0F);
}

TEST(QuantizeRows, CoversTheWholeRangeOfFloat) {
  constexpr float kMost = std::numeric_limits<float>::max();
  constexpr float kLeast = std::numeric_limits<float>::min();
  on_every_target([&](const char* target) {
    for (const float most : {kMost, kMost / 3, 1.0F, kLeast * 127.0F, kLeast * 1000.0F}) {
      const Quantized found =
          quantize({most, -most, most * 0.75F, 0.0F, most, most, most, most}, 1);
      EXPECT_GE(found.scales[0], kLeast) << target;
      EXPECT_EQ(found.values, (std::vector<std::int8_t>{127, -127, 95, 0, 127, 127, 127, 127}))
          << target << " at " << most;
    }
    // Below, a scale would be subnormal and the quotients anything.
    for (const float most : {kLeast * 100.0F, kLeast, std::numeric_limits<float>::denorm_min()}) {
      const Quantized found =
          quantize({most, -most, most * 0.75F, 0.0F, most, most, most, most}, 1);
      EXPECT_EQ(found.scales[0], 0.0F) << target;
      EXPECT_EQ(found.values, std::vector<std::int8_t>(8)) << target;
    }
  });
}

TEST(QuantizeRows, ARowThatIsNotFiniteHasNoScale) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for (const float bad : {kInfinity, -kInfinity, kNan, -kNan}) {
    for (const std::size_t place : {0U, 8U, 18U}) {
      std::vector<float> source(3 * 19, 0.5F);
      source[19 + place] = bad;
      on_every_target([&](const char* target) {
        const Quantized found = quantize(source, 3);
        EXPECT_EQ(found.scales[0], 0.5F / 127.0F) << target;
        EXPECT_TRUE(std::isnan(found.scales[1])) << target;
        EXPECT_EQ(found.scales[2], 0.5F / 127.0F) << target;
        EXPECT_EQ(found.values[19], 0) << target;
        EXPECT_EQ(found.values[37], 0) << target;
      });
    }
  }
}

TEST(RowSums, AreSumsOfBlocksOfWhatIsStored) {
  on_every_target([&](const char* target) {
    for (const std::size_t columns : {1U, 5U, 16U, 77U, 4096U}) {
      const Quantized rows = quantize(random_floats(3 * columns, 33), 3);
      for (const std::size_t block : {columns, std::size_t{30}}) {
        const std::size_t blocks = (columns + block - 1) / block;
        std::vector<float> sums(3 * blocks);
        row_sums(rows.values.data(), 3, static_cast<std::int64_t>(columns),
                 static_cast<std::int64_t>(block), sums.data());
        std::vector<float> expected(3 * blocks);
        for (std::size_t i = 0; i < 3 * columns; ++i) {
          expected[i % columns / block * 3 + i / columns] += rows.values[i];
        }
        EXPECT_EQ(sums, expected) << target;
      }
    }
  });
}

TEST(ConvertRows, ScalesInt8) {
  const std::vector<float> source = random_floats(std::size_t{5} * 19, 34);
  const Quantized rows = quantize(source, 5);
  const WeightMatrix matrix{rows.values.data(), WeightFormat::i8, 5, 19,
                            rows.scales.data(), nullptr};
  on_every_target([&](const char* target) {
    std::vector<float> out(std::size_t{2} * 19);
    convert_rows_to_f32(matrix, 2, 2, out.data());
    for (std::size_t i = 0; i < out.size(); ++i) {
      const float scale = rows.scales[2 + i / 19];
      EXPECT_EQ(out[i], scale * static_cast<float>(rows.values[38 + i])) << target;
      EXPECT_NEAR(out[i], source[38 + i], scale * 0.5001F) << target;
    }
  });
}

}  // namespace
}  // namespace blip
