#include "generate/greedy_search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "blip/error.hpp"
#include "generate/generate.hpp"
#include "hash_decoder.hpp"

namespace blip {
namespace {

using Prompts = std::vector<std::vector<TokenId>>;

constexpr HashModel kModel{.vocab_size = 50,
                           .squarings = 1,
                           .scale = 14.0F,
                           .stop_period = 5,
                           .stop_token_id = 3,
                           .seed = 11};
constexpr DecoderTraits kTraits{.stop_token_id = 3, .vocab_size = 50};

GenerationSettings settings_of(const GenerationOptions& options) {
  return resolve_settings({}, options, kTraits);
}

// A decoder that always answers the same row of logits.
DecodeStep constant_decoder(std::vector<float>& storage, const std::vector<float>& row) {
  return [&storage, row](std::span<const DecodeRow> rows) {
    storage.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      storage.insert(storage.end(), row.begin(), row.end());
    }
    return std::span<const float>(storage);
  };
}

TEST(GreedySearch, NoImagesGiveNoSequences) {
  HashDecoder decoder(kModel, {});
  EXPECT_TRUE(generate_sequences(std::ref(decoder), Prompts{}, settings_of({})).empty());
  EXPECT_TRUE(decoder.rows_per_step.empty());
}

TEST(GreedySearch, FinishedSequencesLeaveTheBatch) {
  HashDecoder decoder(kModel, {1, 2, 3, 4, 5, 6});
  const auto sequences = generate_sequences(std::ref(decoder), Prompts(6, {7}), settings_of({}));
  ASSERT_EQ(sequences.size(), 6U);
  for (std::size_t step = 0; step < decoder.rows_per_step.size(); ++step) {
    const auto active = std::count_if(sequences.begin(), sequences.end(), [&](const auto& s) {
      return s.ids.size() > step + 1;  // generated at least one token in this step
    });
    EXPECT_EQ(decoder.rows_per_step[step], static_cast<std::size_t>(active)) << step;
  }
  // The test means something only if they end at different times.
  EXPECT_LT(decoder.rows_per_step.back(), decoder.rows_per_step.front());
}

TEST(GreedySearch, FirstOfEqualMaximaWins) {
  std::vector<float> storage;
  const auto sequences =
      generate_sequences(constant_decoder(storage, {0.0F, 2.0F, 2.0F, -1.0F}), Prompts{{0}},
                         resolve_settings({}, {.max_new_tokens = 2}, {.vocab_size = 4}));
  EXPECT_EQ(sequences[0].ids, (std::vector<TokenId>{0, 1, 1}));
}

TEST(GreedySearch, ScoreIsTheSumOfLogProbabilitiesIfAskedFor) {
  std::vector<float> storage;
  const auto decoder = constant_decoder(storage, {0.0F, 0.0F, 0.0F, 0.0F});
  const auto score = [&](const GenerationOptions& options) {
    return generate_sequences(decoder, Prompts{{0}},
                              resolve_settings({}, options, {.vocab_size = 4}))[0]
        .score;
  };
  EXPECT_EQ(score({.max_new_tokens = 3}), 0.0F);
  EXPECT_NEAR(score({.max_new_tokens = 3, .output_scores = true}), -3.0F * std::log(4.0F), 1e-6F);
}

TEST(GreedySearch, DamagedLogitsAreAnError) {
  std::vector<float> storage;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto decoder = constant_decoder(storage, {nan, nan, nan, nan});
  for (const bool do_sample : {false, true}) {
    EXPECT_THROW(static_cast<void>(generate_sequences(
                     decoder, Prompts{{0}},
                     resolve_settings({}, {.do_sample = do_sample}, {.vocab_size = 4}))),
                 Error);
  }
}

TEST(GreedySearch, AnotherVocabularyThanPromisedIsAnError) {
  HashDecoder decoder(kModel, {1});
  EXPECT_THROW(static_cast<void>(generate_sequences(std::ref(decoder), Prompts{{7}},
                                                    resolve_settings({}, {}, {.vocab_size = 51}))),
               Error);
}

TEST(GreedySearch, EmptyPromptIsAnError) {
  HashDecoder decoder(kModel, {1, 2});
  EXPECT_THROW(
      static_cast<void>(generate_sequences(std::ref(decoder), Prompts{{7}, {}}, settings_of({}))),
      Error);
}

}  // namespace
}  // namespace blip
