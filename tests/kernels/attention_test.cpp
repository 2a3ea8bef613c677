// Attention of one query, in both forms, against softmax(q·k / sqrt D)·v in double precision.
#include "kernels/attention.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

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

TEST(AttendTransposed, MatchesTheDefinitionAndIgnoresThePadding) {
  for (const std::size_t n : {1, 5, 16, 50, 64, 577}) {
    for (const std::size_t head_size : {5, 10, 64, 80}) {
      const std::size_t stride = (n + 15) / 16 * 16;
      const auto query = random_floats(head_size, 31);
      const auto keys = random_floats(n * head_size, 32);
      const auto values = random_floats(n * head_size, 33);
      std::vector<float> transposed(head_size * stride, 0.0F);
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t c = 0; c < head_size; ++c) {
          transposed[c * stride + i] = keys[i * head_size + c];
        }
      }
      const auto expected =
          attend(query.data(), keys.data(), values.data(), n, head_size, head_size);
      on_every_target([&](const char* target) {
        std::vector<float> scores(stride);
        std::vector<float> out(head_size);
        attend_transposed(query.data(), transposed.data(), values.data(), std::int64_t(n),
                          std::int64_t(stride), std::int64_t(head_size), scores.data(), out.data());
        for (std::size_t c = 0; c < head_size; ++c) {
          ASSERT_NEAR(out[c], expected[c], 2e-6) << target << " n " << n << " D " << head_size;
        }
      });
    }
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
