#include "generate/logits_processors.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "generate/sampling_warpers.hpp"

namespace blip {
namespace {

constexpr float kBanned = -std::numeric_limits<float>::infinity();

using Scores = std::vector<float>;
using Ids = std::vector<TokenId>;

TEST(LogitsProcessors, RepetitionPenaltyCountsEachTokenOnce) {
  Scores scores = {1.0F, -1.0F, 0.5F, -3.0F};
  apply_repetition_penalty(scores, Ids{0, 1, 0, 1, 1}, 2.0);
  EXPECT_EQ(scores, (Scores{0.5F, -2.0F, 0.5F, -3.0F}));
}

TEST(LogitsProcessors, IdsOutsideTheVocabularyAreIgnored) {
  Scores scores = {1.0F, 2.0F};
  apply_repetition_penalty(scores, Ids{-1, 2, 1000000}, 2.0);
  ban_repeated_ngrams(scores, Ids{7, 7, -7, 7, -7}, 1);
  ban_early_stop(scores, Ids{0}, 5, 2);
  ban_early_stop(scores, Ids{0}, 5, -1);
  EXPECT_EQ(scores, (Scores{1.0F, 2.0F}));
}

TEST(LogitsProcessors, NgramsAreBannedAfterTheirBeginning) {
  const auto banned = [](const Ids& ids, int size) {
    Scores scores(6, 0.0F);
    ban_repeated_ngrams(scores, ids, size);
    Ids result;
    for (std::size_t id = 0; id < scores.size(); ++id) {
      if (scores[id] == kBanned) result.push_back(static_cast<TokenId>(id));
    }
    return result;
  };
  EXPECT_EQ(banned({1, 2, 3, 1, 2}, 3), (Ids{3}));
  EXPECT_EQ(banned({1, 2, 3, 1, 2, 4, 1, 2}, 3), (Ids{3, 4}));
  EXPECT_EQ(banned({1, 2, 3, 1, 2}, 2), (Ids{3}));
  EXPECT_EQ(banned({1, 2, 3}, 1), (Ids{1, 2, 3}));
  EXPECT_EQ(banned({2, 2}, 2), (Ids{2}));
  EXPECT_EQ(banned({1, 2}, 3), (Ids{}));
  EXPECT_EQ(banned({1, 2, 3}, std::numeric_limits<int>::max()), (Ids{}));
}

TEST(LogitsProcessors, StopTokenIsBannedBelowTheMinimum) {
  Scores scores = {1.0F, 2.0F};
  ban_early_stop(scores, Ids{0, 0}, 2, 1);
  EXPECT_EQ(scores[1], 2.0F);
  ban_early_stop(scores, Ids{0, 0}, 3, 1);
  EXPECT_EQ(scores[1], kBanned);
}

TEST(LogitsProcessors, NothingToDoIsSeen) {
  const GenerationSettings plain = resolve_settings({}, {}, {.vocab_size = 10});
  EXPECT_FALSE(processes_logits(plain, limits_for(plain, 1)));
  const auto with_minimum = resolve_settings({}, {.min_length = 3}, {.vocab_size = 10});
  EXPECT_TRUE(processes_logits(with_minimum, limits_for(with_minimum, 1)));
  EXPECT_FALSE(processes_logits(with_minimum, limits_for(with_minimum, 3)));
}

TEST(SamplingWarpers, EqualTransformersValueByValue) {
  std::ifstream file(std::string(BLIP_TEST_DATA) + "/warper_cases.json");
  const auto cases = nlohmann::json::parse(file);
  ASSERT_GE(cases.size(), 30U);
  std::vector<TokenId> order;
  for (const auto& entry : cases) {
    SCOPED_TRACE(entry.dump());
    auto scores = entry.at("scores").get<Scores>();
    const std::string name = entry.at("warper");
    const double value = entry.at("value");
    const int keep = entry.at("keep");
    if (name == "temperature") warp_temperature(scores, value);
    if (name == "top_k") warp_top_k(scores, static_cast<int>(value), keep);
    if (name == "top_p") warp_top_p(scores, value, keep, order);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const auto& expected = entry.at("expected")[i];
      EXPECT_EQ(scores[i], expected.is_null() ? kBanned : expected.get<float>());
    }
  }
}

TEST(SamplingWarpers, TopKKeepsEveryScoreEqualToTheLast) {
  Scores scores = {3.0F, 1.0F, 2.0F, 2.0F, 0.0F};
  warp_top_k(scores, 2, 1);
  EXPECT_EQ(scores, (Scores{3.0F, kBanned, 2.0F, 2.0F, kBanned}));
}

TEST(SamplingWarpers, TopPWidensUntilTheMassIsReached) {
  Scores scores(1000, 0.0F);  // uniform: 90 % of the mass is 900 tokens
  std::vector<TokenId> order;
  warp_top_p(scores, 0.9, 1, order);
  for (std::size_t id = 0; id < scores.size(); ++id) EXPECT_EQ(scores[id] == 0.0F, id < 900) << id;
}

}  // namespace
}  // namespace blip
