// Attention of one query, in both forms, against softmax(q·k / sqrt D)·v in double precision.
#include "kernels/float/decode_attention.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/layout/convert.hpp"
#include "reference.hpp"

namespace blip {
namespace {

// query: [D], keys, values: [N] rows of D with `stride` floats from row to row
std::vector<double> attend(const float* query, const float* keys, const float* values,
                           std::size_t n, std::size_t stride, std::size_t head_size) {
  std::vector<double> scores;
  for (std::size_t i = 0; i < n; ++i) {
    double score = 0.0;
    for (std::size_t c = 0; c < head_size; ++c) {
      score += static_cast<double>(query[c]) * keys[i * stride + c];
    }
    scores.push_back(score);
  }
  const auto probabilities = exact_softmax(scores, 1.0 / std::sqrt(double(head_size)));
  std::vector<double> out(head_size);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < head_size; ++c) {
      out[c] += probabilities[i] * values[i * stride + c];
    }
  }
  return out;
}

// One head's keys and values as a cache holds them, and what they are.
struct RandomHead {
  // room: for how many more tokens
  RandomHead(std::size_t n, std::size_t head_size, WeightFormat format, std::size_t room = 0)
      : keys(random_floats(n * head_size, 32)), values(random_floats(n * head_size, 33)) {
    const std::size_t padded = (n + 15) / 16 * 16;
    const std::size_t stride = padded + room;
    transposed.assign(head_size * stride, 0.0F);
    // Nobody is to look at the room.
    for (std::size_t c = 0; c < head_size; ++c) {
      std::fill_n(transposed.begin() + static_cast<std::ptrdiff_t>(c * stride + padded), room,
                  std::numeric_limits<float>::quiet_NaN());
    }
    if (format == WeightFormat::f16) {
      round_to_f16(keys);
      value_bits = round_to_f16(values);
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t c = 0; c < head_size; ++c) {
        transposed[c * stride + i] = keys[i * head_size + c];
      }
    }
    if (format == WeightFormat::f16) key_bits = round_to_f16(transposed);
    head = {.keys = transposed.data(),
            .values = values.data(),
            .format = format,
            .tokens = static_cast<std::int64_t>(n),
            .stride = static_cast<std::int64_t>(stride),
            .head_size = static_cast<std::int64_t>(head_size)};
    if (format == WeightFormat::f16) {
      head.keys = key_bits.data();
      head.values = value_bits.data();
    }
  }

  // → the bits of values, which become what the bits stand for
  static std::vector<std::uint16_t> round_to_f16(std::vector<float>& values) {
    std::vector<std::uint16_t> bits(values.size());
    convert_from_f32(values.data(), values.size(), WeightFormat::f16, bits.data());
    convert_to_f32(bits.data(), WeightFormat::f16, values.size(), values.data());
    return bits;
  }

  std::vector<float> keys;    // [N, D]
  std::vector<float> values;  // [N, D]
  std::vector<float> transposed;
  std::vector<std::uint16_t> key_bits;
  std::vector<std::uint16_t> value_bits;
  CachedHead head;
};

// Queries lie among those of other heads.
constexpr std::size_t kRowStep = 96;

std::vector<float> attend_cached(const CachedHead& head, const std::vector<float>& queries,
                                 std::size_t first, std::size_t rows) {
  std::vector<float> scores(static_cast<std::size_t>(kCachedScores * head.stride));
  std::vector<float> out(rows * kRowStep, -7.0F);
  blip::attend_cached(head, queries.data() + first * kRowStep, std::int64_t(rows),
                      std::int64_t(kRowStep), scores.data(), out.data());
  return out;
}

TEST(AttendCached, MatchesTheDefinitionAndIgnoresThePadding) {
  for (const WeightFormat format : {WeightFormat::f32, WeightFormat::f16}) {
    for (const std::size_t n : {1, 5, 16, 50, 64, 577}) {
      for (const std::size_t head_size : {5, 10, 64, 80}) {
        constexpr std::size_t kRows = 7;
        const RandomHead random(n, head_size, format);
        const auto queries = random_floats(kRows * kRowStep, 31);
        on_every_target([&](const char* target) {
          const auto out = attend_cached(random.head, queries, 0, kRows);
          for (std::size_t row = 0; row < kRows; ++row) {
            const auto expected = attend(queries.data() + row * kRowStep, random.keys.data(),
                                         random.values.data(), n, head_size, head_size);
            for (std::size_t c = 0; c < head_size; ++c) {
              ASSERT_NEAR(out[row * kRowStep + c], expected[c], 2e-6)
                  << target << " n " << n << " D " << head_size << " row " << row;
            }
            ASSERT_EQ(out[row * kRowStep + head_size], -7.0F) << "the next head was written";
          }
        });
      }
    }
  }
}

TEST(AttendCached, ARowDoesNotFeelTheOthers) {
  constexpr std::size_t kRows = 11;
  const RandomHead random(577, 64, WeightFormat::f16);
  const auto queries = random_floats(kRows * kRowStep, 31);
  on_every_target([&](const char* target) {
    const auto together = attend_cached(random.head, queries, 0, kRows);
    for (std::size_t row = 0; row < kRows; ++row) {
      const auto alone = attend_cached(random.head, queries, row, 1);
      for (std::size_t c = 0; c < 64; ++c) {
        ASSERT_EQ(together[row * kRowStep + c], alone[c]) << target << " row " << row;
      }
    }
  });
}

TEST(AttendCached, RoomForMoreTokensChangesNothing) {
  constexpr std::size_t kRows = 3;
  for (const std::size_t n : {1, 16, 40, 200}) {
    const RandomHead tight(n, 64, WeightFormat::f32);
    const RandomHead roomy(n, 64, WeightFormat::f32, /*room=*/48);
    const auto queries = random_floats(kRows * kRowStep, 31);
    on_every_target([&](const char* target) {
      ASSERT_EQ(attend_cached(tight.head, queries, 0, kRows),
                attend_cached(roomy.head, queries, 0, kRows))
          << target << " n " << n;
    });
  }
}

TEST(AttendScattered, MatchesTheDefinition) {
  constexpr std::size_t kHidden = 80;
  for (const std::size_t head_size : {10, 40, 80}) {
    constexpr std::size_t kTokens = 23;
    const auto query = random_floats(head_size, 41);
    const auto keys = random_floats(kTokens * kHidden, 42);
    const auto values = random_floats(kTokens * kHidden, 43);
    const std::size_t offset = kHidden - head_size;
    // In the cache the rows lie anywhere: here, backwards.
    std::vector<const float*> key_rows;
    std::vector<const float*> value_rows;
    for (std::size_t i = kTokens; i-- > 0;) {
      key_rows.push_back(keys.data() + i * kHidden);
      value_rows.push_back(values.data() + i * kHidden);
    }
    const auto expected = attend(query.data(), keys.data() + offset, values.data() + offset,
                                 kTokens, kHidden, head_size);
    on_every_target([&](const char* target) {
      std::vector<float> scores(kTokens);
      std::vector<float> out(head_size);
      attend_scattered(query.data(), key_rows, value_rows, std::int64_t(offset),
                       std::int64_t(head_size), scores.data(), out.data());
      for (std::size_t c = 0; c < head_size; ++c) {
        ASSERT_NEAR(out[c], expected[c], 2e-6) << target << " D " << head_size;
      }
    });
  }
}

}  // namespace
}  // namespace blip
