#include "generate/beam_search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "blip/error.hpp"
#include "generate/beam_candidates.hpp"
#include "generate/generate.hpp"
#include "hash_decoder.hpp"

namespace blip {
namespace {

using Prompts = std::vector<std::vector<TokenId>>;

constexpr HashModel kModel{.vocab_size = 50,
                           .squarings = 1,
                           .scale = 14.0F,
                           .stop_period = 4,
                           .stop_token_id = 3,
                           .seed = 12};
constexpr DecoderTraits kTraits{.stop_token_id = 3, .vocab_size = 50};

TEST(BeamSearch, FirstStepRunsOneRowPerImageAndFinishedImagesLeave) {
  HashDecoder decoder(kModel, {1, 2, 3, 4, 5});
  const auto sequences = generate_sequences(
      std::ref(decoder), Prompts(5, {7, 8}),
      resolve_settings({}, {.num_beams = 3, .num_return_sequences = 2}, kTraits));
  EXPECT_EQ(sequences.size(), 10U);
  ASSERT_GE(decoder.rows_per_step.size(), 3U);
  EXPECT_EQ(decoder.rows_per_step[0], 5U);
  EXPECT_EQ(decoder.rows_per_step[1], 15U);
  EXPECT_TRUE(std::is_sorted(decoder.rows_per_step.begin() + 1, decoder.rows_per_step.end(),
                             std::greater<>()));
  for (const auto rows : std::span(decoder.rows_per_step).subspan(1)) EXPECT_EQ(rows % 3, 0U);
  EXPECT_LT(decoder.rows_per_step.back(), 15U);
}

TEST(BeamSearch, ReturnsTheBestFirst) {
  HashDecoder decoder(kModel, {1});
  const auto sequences = generate_sequences(
      std::ref(decoder), Prompts{{7}},
      resolve_settings({}, {.num_beams = 5, .num_return_sequences = 5}, kTraits));
  ASSERT_EQ(sequences.size(), 5U);
  for (std::size_t i = 1; i < sequences.size(); ++i) {
    EXPECT_GE(sequences[i - 1].score, sequences[i].score);
    EXPECT_NE(sequences[i - 1].ids, sequences[i].ids);
  }
}

// Exhaustive search is the definition of what wide beams find.
TEST(BeamSearch, WideBeamsFindTheBestSequenceOfAll) {
  constexpr HashModel kSmall{.vocab_size = 4, .scale = 3.0F, .stop_period = 0, .seed = 5};
  constexpr int kSteps = 3;
  std::vector<TokenId> best;
  double best_score = -std::numeric_limits<double>::infinity();
  for (int code = 0; code < 27; ++code) {  // the stop token 0 cannot come: min_new_tokens
    const int digits[] = {code / 9, code / 3 % 3, code % 3};
    std::vector<TokenId> ids = {1};
    double score = 0.0;
    for (const int digit : digits) {
      std::vector<float> logits(4);
      hash_logits(kSmall, 9, ids, logits);
      double sum = 0.0;
      for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
      ids.push_back(digit + 1);
      score += logits[static_cast<std::size_t>(digit + 1)] - std::log(sum);
    }
    if (score > best_score) {
      best_score = score;
      best = ids;
    }
  }
  HashDecoder decoder(kSmall, {9});
  const auto sequences =
      generate_sequences(std::ref(decoder), Prompts{{1}},
                         resolve_settings({},
                                          {.max_new_tokens = kSteps,
                                           .min_new_tokens = kSteps,
                                           .num_beams = 27,
                                           .length_penalty = 0.0F,
                                           .early_stopping = EarlyStopping::never},
                                          {.stop_token_id = 0, .vocab_size = 4}));
  EXPECT_EQ(sequences[0].ids, best);
  EXPECT_NEAR(sequences[0].score, best_score, 1e-5);
}

TEST(BeamSearch, NothingLeftToSayStillEnds) {
  // Two tokens, no 1-gram twice, no stopping: every continuation is banned from the third token on.
  HashDecoder decoder({.vocab_size = 2, .stop_token_id = 0}, {1});
  for (const bool do_sample : {false, true}) {
    const auto sequences = generate_sequences(std::ref(decoder), Prompts{{1}},
                                              resolve_settings({},
                                                               {.max_new_tokens = 5,
                                                                .min_new_tokens = 5,
                                                                .num_beams = 3,
                                                                .no_repeat_ngram_size = 1,
                                                                .do_sample = do_sample,
                                                                .seed = 1},
                                                               {0, 2, 512}));
    EXPECT_EQ(sequences.size(), 1U);
    decoder = HashDecoder({.vocab_size = 2, .stop_token_id = 0}, {1});
  }
}

TEST(BeamSearch, DamagedLogitsAreAnError) {
  std::vector<float> logits(50, std::numeric_limits<float>::quiet_NaN());
  const DecodeStep decoder = [&](std::span<const DecodeRow>) {
    return std::span<const float>(logits);
  };
  EXPECT_THROW(static_cast<void>(generate_sequences(
                   decoder, Prompts{{7}}, resolve_settings({}, {.num_beams = 2}, kTraits))),
               Error);
}

TEST(BestCandidates, AreSortedAndEqualOnesKeepTheirOrder) {
  BestCandidates best(4);
  best.offer(std::vector<float>{-1.0F, -3.0F, -1.0F, -2.0F}, 0.0F, 0);
  best.offer(std::vector<float>{-0.5F, -1.5F, -9.0F, -0.5F}, -0.5F, 1);
  const auto sorted = best.sorted();
  ASSERT_EQ(sorted.size(), 4U);
  const auto is = [](const BeamCandidate& candidate, float score, int beam, TokenId token) {
    return candidate.score == score && candidate.beam == beam && candidate.token == token;
  };
  EXPECT_TRUE(is(sorted[0], -1.0F, 0, 0));
  EXPECT_TRUE(is(sorted[1], -1.0F, 0, 2));
  EXPECT_TRUE(is(sorted[2], -1.0F, 1, 0));
  EXPECT_TRUE(is(sorted[3], -1.0F, 1, 3));
}

TEST(BestCandidates, BannedTokensFillUpWhenNothingElseIsThere) {
  const float banned = -std::numeric_limits<float>::infinity();
  BestCandidates best(4);
  best.offer(std::vector<float>{banned, -1.0F}, 0.0F, 0);
  best.offer(std::vector<float>{banned, -1.0F}, -1e9F, 1);
  const auto sorted = best.sorted();
  ASSERT_EQ(sorted.size(), 4U);
  EXPECT_EQ(sorted[0].score, -1.0F);
  EXPECT_EQ(sorted[1].score, -1e9F);
  EXPECT_EQ(sorted[2].score, banned);
}

}  // namespace
}  // namespace blip
