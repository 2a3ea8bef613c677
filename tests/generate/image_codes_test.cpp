#include "generate/image_codes.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

TEST(Supercondition, GoesBeyondTheText) {
  const std::array<float, 2> without = {1.0F, 2.0F};
  const std::array<float, 2> with = {3.0F, 2.0F};
  std::array<float, 2> out{};
  supercondition(without, with, 16.0F, out);
  EXPECT_EQ(out, (std::array<float, 2>{-15.0F + 48.0F, -30.0F + 32.0F}));
}

std::map<TokenId, int> drawn(const CodeChoice& choice, const std::vector<float>& scores,
                             std::uint32_t draws) {
  CodeSampler sampler(choice);
  std::map<TokenId, int> counts;
  for (std::uint32_t step = 0; step < draws; ++step) {
    std::vector<float> copy = scores;
    ++counts[sampler.choose(copy, {.seed = 1, .step = step})];
  }
  return counts;
}

TEST(CodeSampler, KeepsAllThatEqualTheLast) {
  // min-dalle: top_k 2 of these keeps 4.
  const auto counts = drawn({.top_k = 2}, {5.0F, 4.0F, 4.0F, 4.0F, 3.0F, 0.0F}, 2000);
  EXPECT_EQ(counts.size(), 4U);
  EXPECT_FALSE(counts.contains(4));
}

TEST(CodeSampler, DrawsAsOftenAsProbable) {
  constexpr int kDraws = 20'000;
  const std::vector<float> scores = {0.0F, 1.0F, 2.0F};
  const auto counts = drawn({.top_k = 3, .temperature = 2.0F}, scores, kDraws);
  const double total = std::exp(0.0) + std::exp(0.5) + std::exp(1.0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(counts.at(i), kDraws * std::exp(0.5 * i) / total, 300) << i;
  }
}

TEST(CodeSampler, IsGreedyForOne) {
  EXPECT_EQ(drawn({.top_k = 1}, {1.0F, 7.0F, 7.0F}, 50), (std::map<TokenId, int>{{1, 50}}));
  // Small temperatures leave the largest alone, and nothing overflows.
  EXPECT_EQ(drawn({.top_k = 3, .temperature = 1e-30F}, {1.0F, 7.0F, 6.0F}, 50),
            (std::map<TokenId, int>{{1, 50}}));
}

TEST(CodeSampler, RefusesDamagedScores) {
  CodeSampler sampler({});
  std::vector<float> scores = {1.0F, std::numeric_limits<float>::quiet_NaN()};
  expect_error(ErrorCode::malformed, "", [&] { static_cast<void>(sampler.choose(scores, {})); });
}

}  // namespace
}  // namespace blip
