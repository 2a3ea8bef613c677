#include "generate/bad_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "blip/error.hpp"
#include "generate/generate.hpp"
#include "generate/log_softmax.hpp"
#include "hash_decoder.hpp"

namespace blip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Ids = std::vector<TokenId>;
using Sequences = std::vector<Ids>;

constexpr TokenId kStop = 3;
constexpr int kVocabulary = 10;

Ids banned_after(const Sequences& words, const Ids& text) {
  std::vector<float> scores(kVocabulary, 1.0F);
  BadWords(words, kStop, kVocabulary).ban(scores, text);
  Ids banned;
  for (std::size_t id = 0; id < scores.size(); ++id) {
    if (std::isinf(scores[id])) banned.push_back(static_cast<TokenId>(id));
  }
  return banned;
}

TEST(BadWords, ATokenIsAlwaysBannedAndASequenceAtItsEnd) {
  EXPECT_THAT(banned_after({{5}}, {1, 2}), ElementsAre(5));
  EXPECT_THAT(banned_after({{5, 6}}, {1, 2}), IsEmpty());
  EXPECT_THAT(banned_after({{5, 6}}, {5, 2}), IsEmpty());
  EXPECT_THAT(banned_after({{5, 6}, {2, 5, 7}, {1, 5, 8}}, {2, 5}), ElementsAre(6, 7));
}

TEST(BadWords, ThePromptCountsAndMayBeTheWholeBeginning) {
  EXPECT_THAT(banned_after({{1, 2, 4}}, {1, 2}), ElementsAre(4));
  EXPECT_THAT(banned_after({{9, 1, 2, 4}}, {1, 2}), IsEmpty());
  EXPECT_THAT(banned_after({{5, 6}}, {}), IsEmpty());
}

TEST(BadWords, ALoneStopTokenIsLeftOut) {
  EXPECT_THAT(banned_after({{kStop}, {4}}, {1}), ElementsAre(4));
  EXPECT_THAT(banned_after({{1, kStop}}, {1}), ElementsAre(kStop));
  EXPECT_THAT(banned_after({{kStop}}, {1}), IsEmpty());
  EXPECT_THAT(banned_after({{}}, {1}), IsEmpty());
}

TEST(BadWords, WhatTransformersRefusesIsRefused) {
  const auto error_of = [](const Sequences& words) -> std::string {
    try {
      const BadWords made(words, kStop, kVocabulary);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      return error.what();
    }
    return {};
  };
  EXPECT_THAT(error_of({}), HasSubstr("no sequence"));
  EXPECT_THAT(error_of({{4, -1}}), HasSubstr("token id -1"));
  EXPECT_THAT(error_of({{kVocabulary}}), HasSubstr("vocabulary of 10"));
}

TEST(BadWords, NoSearchCompletesOne) {
  constexpr HashModel kModel{.vocab_size = 50,
                             .squarings = 1,
                             .scale = 14.0F,
                             .stop_period = 0,
                             .stop_token_id = kStop,
                             .seed = 12};
  constexpr DecoderTraits kTraits{.stop_token_id = kStop, .vocab_size = 50};
  for (const int beams : {1, 3}) {
    for (const bool sample : {false, true}) {
      GenerationOptions options{.max_new_tokens = 8, .num_beams = beams, .do_sample = sample};
      options.seed = 4;
      options.output_scores = true;
      const auto generated = [&] {
        HashDecoder decoder(kModel, {1});
        return generate_sequences(std::ref(decoder), Sequences{{7}},
                                  resolve_settings({}, options, kTraits))
            .front();
      };
      // What comes first is banned, again and again: a token, then pairs of tokens.
      Sequences words;
      for (int round = 0; round < 6; ++round) {
        if (!words.empty()) options.bad_words_ids = words;
        const GeneratedSequence found = generated();
        for (const Ids& word : words) {
          EXPECT_EQ(std::search(found.ids.begin(), found.ids.end(), word.begin(), word.end()),
                    found.ids.end())
              << "beams " << beams << ", sample " << sample;
        }
        for (const float score : found.transition_scores) EXPECT_LE(score, 1e-6F);
        if (round == 0) {
          words.push_back({found.ids[2]});
        } else {
          words.push_back({found.ids[1], found.ids[2]});
        }
      }
    }
  }
}

TEST(MaskedLogNormalizer, BannedScoresCountForNothing) {
  constexpr float kBanned = -std::numeric_limits<float>::infinity();
  std::vector<float> some;
  std::vector<float> all;
  for (int i = 0; i < 700; ++i) {
    const float score = std::sin(static_cast<float>(i)) * 4.0F;
    some.push_back(score);
    all.push_back(score);
    for (int banned = 0; banned < i % 3; ++banned) all.push_back(kBanned);
  }
  const LogNormalizer expected = log_normalizer(some);
  const LogNormalizer masked = masked_log_normalizer(all);
  EXPECT_EQ(masked.maximum, expected.maximum);
  EXPECT_NEAR(masked.log_sum, expected.log_sum, 1e-6);
}

}  // namespace
}  // namespace blip
