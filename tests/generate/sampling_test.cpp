#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include "blip/error.hpp"
#include "core/counter_random.hpp"
#include "generate/generate.hpp"
#include "generate/random_stream.hpp"
#include "generate/token_sampler.hpp"
#include "hash_decoder.hpp"

namespace blip {
namespace {

using Prompts = std::vector<std::vector<TokenId>>;
using Words = std::array<std::uint32_t, 4>;

constexpr HashModel kModel{.vocab_size = 50,
                           .squarings = 1,
                           .scale = 8.0F,
                           .stop_period = 6,
                           .stop_token_id = 3,
                           .seed = 13};
constexpr DecoderTraits kTraits{.stop_token_id = 3, .vocab_size = 50};

std::vector<GeneratedSequence> sample(const std::vector<std::uint32_t>& images,
                                      GenerationOptions options) {
  options.do_sample = true;
  HashDecoder decoder(kModel, images);
  return generate_sequences(std::ref(decoder), Prompts(images.size(), {7}),
                            resolve_settings({}, options, kTraits));
}

// The generous bound of a chi-square test: mean + 5 standard deviations of the distribution.
double chi_square_bound(int degrees) {
  return degrees + 5.0 * std::sqrt(2.0 * degrees);
}

double chi_square(const std::vector<int>& counts, const std::vector<double>& probabilities) {
  const int total = std::accumulate(counts.begin(), counts.end(), 0);
  double result = 0.0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = probabilities[i] * total;
    if (expected == 0.0) {
      EXPECT_EQ(counts[i], 0) << i;
    } else {
      result += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
  }
  return result;
}

// The test vectors of Random123, the authors' own implementation.
TEST(Philox, GivesThePublishedNumbers) {
  constexpr std::uint32_t kOnes = 0xFFFFFFFF;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}));
  EXPECT_EQ(philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Words{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}));
  EXPECT_EQ(philox({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}, {0xA4093822, 0x299F31D0}),
            (Words{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}));
}

TEST(RandomStream, IsUniformAndEveryPartCounts) {
  std::vector<int> bins(20, 0);
  for (std::uint32_t step = 0; step < 20000; ++step) {
    const double value = RandomStream{1, 2, 3, step}.uniform();
    ASSERT_GT(value, 0.0);
    ASSERT_LT(value, 1.0);
    ++bins[static_cast<std::size_t>(value * 20)];
  }
  EXPECT_LT(chi_square(bins, std::vector<double>(20, 0.05)), chi_square_bound(19));

  const std::set<double> values = {
      RandomStream{1, 2, 3, 4}.uniform(),           RandomStream{2, 2, 3, 4}.uniform(),
      RandomStream{1, 3, 3, 4}.uniform(),           RandomStream{1, 2, 4, 4}.uniform(),
      RandomStream{1, 2, 3, 5}.uniform(),           RandomStream{1, 2, 3, 4}.uniform(1),
      RandomStream{1ULL << 40U, 2, 3, 4}.uniform(), RandomStream{1, 1ULL << 40U, 3, 4}.uniform()};
  EXPECT_EQ(values.size(), 8U);
}

TEST(TokenSampler, FrequenciesAreTheProbabilities) {
  const float banned = -std::numeric_limits<float>::infinity();
  const std::vector<float> scores = {1.0F, banned, 0.0F, -1.0F, 2.5F, banned, -3.0F, 0.5F};
  double total = 0.0;
  std::vector<double> probabilities;
  for (const float score : scores) total += std::exp(score);
  for (const float score : scores) probabilities.push_back(std::exp(score) / total);

  std::vector<int> counts(scores.size(), 0);
  for (std::uint32_t step = 0; step < 50000; ++step) {
    const auto drawn = TokenSampler{}.draw(scores, RandomStream{42, 0, 0, step}.uniform());
    const auto id = static_cast<std::size_t>(drawn.token);
    ++counts[id];
    ASSERT_NEAR(drawn.log_probability, std::log(probabilities[id]), 1e-6);
  }
  EXPECT_LT(chi_square(counts, probabilities), chi_square_bound(5));
}

TEST(TokenSampler, EdgesOfTheIntervalDrawPossibleTokens) {
  const float banned = -std::numeric_limits<float>::infinity();
  const std::vector<float> scores = {banned, 0.0F, -200.0F, 0.0F, banned};
  EXPECT_EQ(TokenSampler{}.draw(scores, 0x1p-53).token, 1);
  EXPECT_EQ(TokenSampler{}.draw(scores, 1.0).token, 3);
  EXPECT_THROW(static_cast<void>(TokenSampler{}.draw(std::vector<float>{banned, banned}, 0.5)),
               Error);
}

TEST(WeightedDraw, SecondDrawIsConditionalOnTheFirst) {
  // P(first = i, second = j) = w_i · w_j / (1 - w_i)
  const std::vector<double> weights = {0.5, 0.3, 0.2};
  std::vector<int> counts(9, 0);
  std::vector<double> probabilities(9, 0.0);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      if (i != j) probabilities[3 * i + j] = weights[i] * weights[j] / (1.0 - weights[i]);
    }
  }
  for (std::uint32_t step = 0; step < 30000; ++step) {
    auto left = weights;
    WeightedDraw draw(left);
    const RandomStream random{7, 0, 0, step};
    const auto first = draw.next(random.uniform(0));
    const auto second = draw.next(random.uniform(1));
    ++counts[3 * first + second];
  }
  EXPECT_LT(chi_square(counts, probabilities), chi_square_bound(5));
}

TEST(WeightedDraw, ImpossibleOnesComeLastInOrder) {
  std::vector<double> weights = {0.0, 1.0, 0.0};
  WeightedDraw draw(weights);
  EXPECT_EQ(draw.next(0.9), 1U);
  EXPECT_EQ(draw.next(0.9), 0U);
  EXPECT_EQ(draw.next(0.9), 2U);
}

TEST(Sampling, FirstTokenFollowsTheModelsDistribution) {
  std::vector<float> logits(50);
  hash_logits(kModel, 21, std::vector<TokenId>{7}, logits);
  double total = 0.0;
  std::vector<double> probabilities;
  for (const float logit : logits) total += std::exp(static_cast<double>(logit));
  for (const float logit : logits) probabilities.push_back(std::exp(logit) / total);

  std::vector<int> counts(50, 0);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const auto& sequence : sample(
             {21}, {.max_new_tokens = 1, .num_return_sequences = 1000, .top_k = 0, .seed = seed})) {
      ++counts[static_cast<std::size_t>(sequence.ids.back())];
    }
  }
  EXPECT_LT(chi_square(counts, probabilities), chi_square_bound(49));
}

TEST(Sampling, SameSeedGivesTheSameTextInAnyBatch) {
  for (const int num_beams : {1, 3}) {
    const GenerationOptions options{.num_beams = num_beams, .num_return_sequences = 2, .seed = 5};
    const auto together = sample({1, 2, 3, 4}, options);
    ASSERT_EQ(together.size(), 8U);
    for (std::uint32_t image = 0; image < 4; ++image) {
      auto alone_options = options;
      alone_options.image_offset = image;
      const auto alone = sample({image + 1}, alone_options);
      EXPECT_EQ(alone[0].ids, together[2 * image].ids);
      EXPECT_EQ(alone[1].ids, together[2 * image + 1].ids);
    }
  }
}

TEST(Sampling, SeedsImagesAndSequencesDiffer) {
  std::set<std::vector<TokenId>> texts;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    // The same image three times: only its place in the batch differs.
    for (const auto& sequence :
         sample({9, 9, 9}, {.min_new_tokens = 12, .num_return_sequences = 3, .seed = seed})) {
      texts.insert(sequence.ids);
    }
  }
  EXPECT_EQ(texts.size(), 27U);
}

TEST(Sampling, NarrowSettingsGiveTheGreedySequence) {
  HashDecoder decoder(kModel, {4});
  const auto greedy =
      generate_sequences(std::ref(decoder), Prompts{{7}}, resolve_settings({}, {}, kTraits));
  EXPECT_EQ(sample({4}, {.top_k = 1})[0].ids, greedy[0].ids);
  EXPECT_EQ(sample({4}, {.top_p = 1e-6F})[0].ids, greedy[0].ids);
  EXPECT_EQ(sample({4}, {.temperature = 1e-3F})[0].ids, greedy[0].ids);
}

}  // namespace
}  // namespace blip
