#include "generate/generation_session.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

#include "blip/error.hpp"
#include "generate/largest_logit.hpp"
#include "hash_decoder.hpp"
#include "random_schedules.hpp"

namespace blip {
namespace {

using Prompts = std::vector<std::vector<TokenId>>;

constexpr HashModel kModel{.vocab_size = 20,
                           .squarings = 1,
                           .scale = 8.0F,
                           .stop_period = 6,
                           .stop_token_id = 3,
                           .seed = 14};
constexpr DecoderTraits kTraits{.stop_token_id = 3, .vocab_size = 20};
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// Images from this name on have NaN in their logits from their sixth token on.
constexpr std::uint32_t kDamagedImages = 90;

/// The logits of hash_decoder.hpp for images that come and go. Checks that rows keep the contract
/// of decode_step.hpp.
class HashScheduleDecoder : public ScheduleDecoder {
 public:
  int add_image(std::uint32_t name) override {
    std::size_t slot = 0;
    while (slot < images_.size() && images_[slot] != kNone) ++slot;
    if (slot == images_.size()) images_.push_back(kNone);
    images_[slot] = name;
    return static_cast<int>(slot);
  }

  void remove_image(int slot) override {
    images_.at(static_cast<std::size_t>(slot)) = kNone;
    for (Row& row : rows_) {
      if (row.image == slot) row.image = -1;
    }
  }

  std::span<const float> step(std::span<const DecodeRow> rows) override {
    std::vector<Row> next;
    std::vector<int> images;
    for (const DecodeRow& row : rows) {
      if (row.tokens.empty()) throw std::logic_error("a row without tokens");
      if (images_.at(static_cast<std::size_t>(row.image)) == kNone) {
        throw std::logic_error("a row of no image");
      }
      if (images.empty() || images.back() != row.image) {
        if (std::find(images.begin(), images.end(), row.image) != images.end()) {
          throw std::logic_error("rows of an image that are apart");
        }
        images.push_back(row.image);
      }
      Row& own = next.emplace_back();
      if (row.parent >= 0) own = rows_.at(static_cast<std::size_t>(row.parent));
      if (row.parent >= 0 && own.image != row.image) {
        throw std::logic_error("a parent of another image");
      }
      own.image = row.image;
      own.ids.insert(own.ids.end(), row.tokens.begin(), row.tokens.end());
    }
    rows_ = std::move(next);

    const auto vocab_size = static_cast<std::size_t>(kModel.vocab_size);
    logits_.resize(rows.size() * vocab_size);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::uint32_t name = images_[static_cast<std::size_t>(rows[i].image)];
      const auto logits = std::span(logits_).subspan(i * vocab_size, vocab_size);
      hash_logits(kModel, name, rows_[i].ids, logits);
      if (name >= kDamagedImages && rows_[i].ids.size() > 5) logits[name % vocab_size] = kNan;
    }
    return logits_;
  }

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  struct Row {
    int image = 0;
    std::vector<TokenId> ids;
  };
  std::vector<std::uint32_t> images_;
  std::vector<Row> rows_;
  std::vector<float> logits_;
};

GenerationSettings settings_of(const GenerationOptions& options) {
  return resolve_settings({}, options, kTraits);
}

// Every kind of search.
const std::vector<GenerationOptions> kSearches = {
    {.max_new_tokens = 8},
    {.max_new_tokens = 8, .num_return_sequences = 2, .do_sample = true, .seed = 4},
    {.max_new_tokens = 8, .num_beams = 3, .num_return_sequences = 2},
    {.max_new_tokens = 8, .num_beams = 3, .do_sample = true, .seed = 4}};

TEST(GenerationSession, RequestsAreWhatTheyAreAloneInAnyOrderOfJoiningAndLeaving) {
  run_schedules(10'000, {.decoder = kTraits},
                [] { return std::make_unique<HashScheduleDecoder>(); });
}

TEST(GenerationSession, RequestsShareTheStepsOfTheDecoder) {
  HashScheduleDecoder decoder;
  GenerationSession session;
  std::vector<std::size_t> rows_per_step;
  const DecodeStep step = [&](std::span<const DecodeRow> rows) {
    rows_per_step.push_back(rows.size());
    return decoder.step(rows);
  };
  const auto add = [&](const GenerationOptions& options) {
    return session.add(
        {.image = decoder.add_image(1), .prompt = {7}, .settings = settings_of(options)});
  };
  session.step(step);
  EXPECT_TRUE(rows_per_step.empty());
  add({.max_new_tokens = 9, .min_new_tokens = 9});
  session.step(step);
  const RequestId beams = add({.max_new_tokens = 9, .min_new_tokens = 9, .num_beams = 3});
  session.step(step);
  session.step(step);
  EXPECT_EQ(session.size(), 2U);
  EXPECT_TRUE(session.remove(beams));
  EXPECT_FALSE(session.remove(beams));
  session.step(step);
  EXPECT_EQ(rows_per_step, (std::vector<std::size_t>{1, 2, 4, 1}));
}

TEST(GenerationSession, AFailureOfTheDecoderLeavesItAsItWas) {
  for (const GenerationOptions& options : kSearches) {
    HashScheduleDecoder decoder;
    GenerationSession session;
    session.add(
        {.image = decoder.add_image(5), .prompt = {7, 8}, .settings = settings_of(options)});
    const DecodeStep broken = [](std::span<const DecodeRow>) -> std::span<const float> {
      throw std::runtime_error("no memory");
    };
    while (session.size() > 0) {
      EXPECT_THROW(session.step(broken), std::runtime_error);
      session.step([&](auto rows) { return decoder.step(rows); });
    }
    HashScheduleDecoder fresh;
    fresh.add_image(5);
    const auto alone = generate_sequences([&](auto rows) { return fresh.step(rows); },
                                          Prompts{{7, 8}}, settings_of(options));
    expect_same({session.take_finished().at(0).sequences, {}, {}}, {alone, {}, {}}, "retried");
  }
}

TEST(GenerationSession, RefusesAnotherVocabularyThanTheOthers) {
  GenerationSession session;
  session.add({.image = 0, .prompt = {7}, .settings = settings_of({})});
  EXPECT_THROW(
      session.add(
          {.image = 1, .prompt = {7}, .settings = resolve_settings({}, {}, {.vocab_size = 21})}),
      Error);
  EXPECT_EQ(session.size(), 1U);
}

TEST(GenerationSession, WhatACallbackThrowsEndsItsRequestOnly) {
  HashScheduleDecoder decoder;
  GenerationSession session;
  const auto complain = [](const GeneratedToken&) { throw std::runtime_error("a full disk"); };
  const RequestId failing = session.add({.image = decoder.add_image(1),
                                         .prompt = {7},
                                         .settings = settings_of({}),
                                         .callbacks = {.on_token = complain}});
  session.add({.image = decoder.add_image(2), .prompt = {7}, .settings = settings_of({})});
  session.step([&](auto rows) { return decoder.step(rows); });
  const auto finished = session.take_finished();
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_EQ(finished[0].id, failing);
  EXPECT_THROW(std::rethrow_exception(finished[0].error), std::runtime_error);
  EXPECT_EQ(session.size(), 1U);
}

// Searches on many threads need nothing of each other.
TEST(GenerationSession, SessionsOfSeveralThreadsAreIndependent) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      run_schedules(50, {.decoder = kTraits},
                    [] { return std::make_unique<HashScheduleDecoder>(); });
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(GenerationCallbacks, TokensAreThoseOfTheSequencesInOrder) {
  for (const GenerationOptions& options : kSearches) {
    HashDecoder decoder(kModel, {1, 2, 3});
    std::map<std::pair<std::size_t, std::size_t>, std::vector<TokenId>> reported;
    const auto hear = [&](const GeneratedToken& token) {
      reported[{token.image, token.sequence}].push_back(token.token);
    };
    const auto sequences = generate_sequences(std::ref(decoder), Prompts{{7}, {7, 8}, {9}},
                                              settings_of(options), {.on_token = hear});
    const std::size_t each = sequences.size() / 3;
    ASSERT_EQ(reported.size(), sequences.size());
    for (const auto& [place, tokens] : reported) {
      const auto& ids = sequences.at(place.first * each + place.second).ids;
      const std::size_t prompt_length = place.first == 1 ? 2 : 1;
      EXPECT_EQ(tokens, std::vector<TokenId>(
                            ids.begin() + static_cast<std::ptrdiff_t>(prompt_length), ids.end()));
    }
  }
}

TEST(GenerationCallbacks, GreedySearchReportsAtOnceAndBeamSearchAtTheEnd) {
  for (const int beams : {1, 3}) {
    HashDecoder decoder(kModel, {1});
    std::vector<std::size_t> steps_at_tokens;
    const auto hear = [&](const GeneratedToken&) {
      steps_at_tokens.push_back(decoder.rows_per_step.size());
    };
    const auto sequences = generate_sequences(
        std::ref(decoder), Prompts{{7}},
        settings_of({.max_new_tokens = 4, .min_new_tokens = 4, .num_beams = beams}),
        {.on_token = hear});
    EXPECT_EQ(steps_at_tokens, beams == 1 ? (std::vector<std::size_t>{1, 2, 3, 4})
                                          : (std::vector<std::size_t>{4, 4, 4, 4}));
  }
}

TEST(GenerationCallbacks, ProgressCountsStepsAndImages) {
  HashDecoder decoder(kModel, {1, 2, 3, 4, 5});
  std::vector<GenerationProgress> heard;
  const auto hear = [&](const GenerationProgress& progress) { heard.push_back(progress); };
  const auto sequences = generate_sequences(std::ref(decoder), Prompts(5, {7}), settings_of({}),
                                            {.on_progress = hear});
  ASSERT_EQ(heard.size(), decoder.rows_per_step.size());
  for (std::size_t step = 0; step < heard.size(); ++step) {
    EXPECT_EQ(heard[step].steps, step + 1);
    EXPECT_EQ(heard[step].total, 5U);
    const auto finished = std::count_if(sequences.begin(), sequences.end(), [&](const auto& each) {
      return each.ids.size() - 1 <= step + 1;
    });
    EXPECT_EQ(heard[step].finished, static_cast<std::size_t>(finished));
  }
  EXPECT_EQ(heard.back().finished, 5U);
}

TEST(GenerationCallbacks, AStopEndsTheCall) {
  for (const GenerationOptions& options : kSearches) {
    for (const std::size_t steps : {0U, 1U, 3U}) {
      HashDecoder decoder(kModel, {1, 2});
      std::stop_source stop;
      if (steps == 0) stop.request_stop();
      const auto hear = [&](const GenerationProgress& progress) {
        if (progress.steps == steps) stop.request_stop();
      };
      auto longer = options;
      longer.min_new_tokens = 8;
      try {
        (void)generate_sequences(std::ref(decoder), Prompts{{7}, {8}}, settings_of(longer),
                                 {.on_progress = hear, .stop = stop.get_token()});
        FAIL() << "went on";
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
      }
      EXPECT_EQ(decoder.rows_per_step.size(), steps);
    }
  }
}

TEST(GenerationCallbacks, NoTokenIsReportedAfterAStop) {
  for (const GenerationOptions& options : kSearches) {
    HashDecoder decoder(kModel, {1});
    std::stop_source stop;
    int tokens = 0;
    const auto hear = [&](const GeneratedToken&) {
      ++tokens;
      stop.request_stop();
    };
    EXPECT_THROW((void)generate_sequences(std::ref(decoder), Prompts{{7}}, settings_of(options),
                                          {.on_token = hear, .stop = stop.get_token()}),
                 Error);
    EXPECT_EQ(tokens, 1);
  }
}

// Of a vocabulary that fills some vectors and leaves a rest.
TEST(DamagedLogits, AreReportedWhereverTheyAreByEverySearch) {
  constexpr std::size_t kVocabulary = 77;
  const float infinity = std::numeric_limits<float>::infinity();
  for (const std::size_t place : {std::size_t{0}, kVocabulary / 2, kVocabulary - 1}) {
    for (const float damage : {kNan, infinity, -infinity}) {
      std::vector<float> logits(kVocabulary, 0.5F);
      logits[place] = damage;
      const DecodeStep decoder = [&](std::span<const DecodeRow>) {
        return std::span<const float>(logits);
      };
      for (GenerationOptions options : kSearches) {
        for (const bool processed : {false, true}) {
          options.output_scores = processed;
          options.min_new_tokens = processed ? 4 : 0;
          options.repetition_penalty = processed ? 1.2F : 1.0F;
          try {
            (void)generate_sequences(
                decoder, Prompts{{7}},
                resolve_settings({}, options, {.stop_token_id = 3, .vocab_size = kVocabulary}));
            FAIL() << "took " << damage << " at " << place;
          } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::malformed);
            EXPECT_STREQ(error.what(),
                         "the model's logits contain NaN or infinity: its weights are damaged");
          }
        }
      }
    }
  }
}

TEST(FirstMaximum, IsTheFirstOfTheLargestAtAnySize) {
  const float banned = -std::numeric_limits<float>::infinity();
  for (std::size_t size = 1; size < 70; ++size) {
    for (std::size_t place = 0; place < size; ++place) {
      std::vector<float> scores(size, -2.0F);
      scores[place] = -1.0F;
      scores.back() = -1.0F;
      scores[place / 2] = std::min(scores[place / 2], place / 2 == place ? 0.0F : banned);
      EXPECT_EQ(first_maximum(scores), static_cast<TokenId>(place));
    }
    EXPECT_EQ(first_maximum(std::vector<float>(size, banned)), 0);
  }
}

}  // namespace
}  // namespace blip
