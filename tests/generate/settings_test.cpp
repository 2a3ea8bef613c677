#include "generate/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "blip/error.hpp"

namespace blip {
namespace {

constexpr DecoderTraits kDecoder{.stop_token_id = 102, .vocab_size = 30524};

GenerationSettings resolve(const GenerationOptions& caller, const GenerationOptions& model = {}) {
  return resolve_settings(model, caller, kDecoder);
}

template <typename Call>
std::string error_of(Call call, ErrorCode code = ErrorCode::invalid_argument) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "no error";
}

TEST(Settings, DefaultsAreTransformers) {
  const auto settings = resolve({});
  EXPECT_EQ(settings.num_beams, 1);
  EXPECT_EQ(settings.length_penalty, 1.0);
  EXPECT_EQ(settings.early_stopping, EarlyStopping::heuristic);
  EXPECT_EQ(settings.num_return_sequences, 1);
  EXPECT_EQ(settings.repetition_penalty, 1.0);
  EXPECT_EQ(settings.no_repeat_ngram_size, 0);
  EXPECT_FALSE(settings.do_sample);
  EXPECT_EQ(settings.temperature, 1.0);
  EXPECT_EQ(settings.top_k, 50);
  EXPECT_EQ(settings.top_p, 1.0);
  EXPECT_FALSE(settings.output_scores);
  // generate(): 20 new tokens when nobody sets a maximum.
  EXPECT_EQ(limits_for(settings, 1).max_length, 21);
  EXPECT_EQ(limits_for(settings, 4).max_length, 24);
  EXPECT_EQ(limits_for(settings, 4).min_length, 0);
}

TEST(Settings, CallerWinsOverModelFieldByField) {
  const GenerationOptions model{.max_length = 20, .num_beams = 4, .length_penalty = 0.5F};
  const auto settings = resolve({.num_beams = 2}, model);
  EXPECT_EQ(settings.num_beams, 2);
  EXPECT_EQ(settings.length_penalty, 0.5);
  EXPECT_EQ(limits_for(settings, 3).max_length, 20);
  EXPECT_EQ(limits_for(resolve({.max_length = 7}, model), 3).max_length, 7);
}

TEST(Settings, NewTokenCountsWinOverTotals) {
  EXPECT_EQ(limits_for(resolve({.max_length = 9, .max_new_tokens = 5}), 3).max_length, 8);
  EXPECT_EQ(limits_for(resolve({.max_length = 9}, {.max_new_tokens = 5}), 3).max_length, 8);
  EXPECT_EQ(limits_for(resolve({.min_length = 9, .min_new_tokens = 2}), 3).min_length, 5);
  EXPECT_EQ(limits_for(resolve({.min_length = 9}), 3).min_length, 9);
}

TEST(Settings, FractionsAreTheDecimalsThatWereWritten) {
  const auto settings = resolve({.length_penalty = 0.7F, .do_sample = true, .top_p = 0.9F});
  EXPECT_EQ(settings.length_penalty, 0.7);
  EXPECT_EQ(settings.top_p, 0.9);
}

TEST(Settings, SeedIsKeptOrDrawnAnew) {
  EXPECT_EQ(resolve({.do_sample = true, .seed = 7}).seed, 7U);
  EXPECT_NE(resolve({.do_sample = true}).seed, resolve({.do_sample = true}).seed);
}

TEST(Settings, MaximumIsCutToThePositionsUnlessTheCallerAskedForIt) {
  EXPECT_EQ(limits_for(resolve({}), 500).max_length, 512);
  EXPECT_EQ(limits_for(resolve({}, {.max_length = 4096}), 1).max_length, 512);
  EXPECT_THAT(error_of([] { static_cast<void>(limits_for(resolve({.max_length = 513}), 1)); }),
              testing::HasSubstr("max_length asks for up to 513 tokens in all"));
  EXPECT_THAT(error_of([] {
                const auto largest = std::numeric_limits<int>::max();
                static_cast<void>(limits_for(resolve({.max_new_tokens = largest}), 1));
              }),
              testing::HasSubstr("max_new_tokens asks for up to 2147483648 tokens in all"));
}

TEST(Settings, MinimumBeyondTheMaximumOnlyBansTheStopToken) {
  const auto largest = std::numeric_limits<int>::max();
  const auto limits = limits_for(resolve({.max_length = 8, .min_new_tokens = largest}), 1);
  EXPECT_EQ(limits.max_length, 8);
  EXPECT_GT(limits.min_length, 8);
}

TEST(Settings, PromptMustLeaveRoom) {
  EXPECT_THAT(error_of([] { static_cast<void>(limits_for(resolve({.max_length = 4}), 4)); }),
              testing::HasSubstr("raise max_length or set max_new_tokens"));
  EXPECT_THAT(error_of([] { static_cast<void>(limits_for(resolve({}), 512)); }),
              testing::HasSubstr("shorten the prompt"));
  EXPECT_THAT(error_of([] { static_cast<void>(limits_for(resolve({}), 0)); }),
              testing::HasSubstr("start tokens"));
}

struct Rejected {
  GenerationOptions options;
  const char* message;
};

TEST(Settings, RejectsWhatIsOutOfRangeAndNamesIt) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const Rejected cases[] = {
      {{.max_length = 0}, "max_length must be at least 1, but is 0"},
      {{.max_new_tokens = 0}, "max_new_tokens must be at least 1, but is 0"},
      {{.min_length = -1}, "min_length must be at least 0, but is -1"},
      {{.min_new_tokens = -1}, "min_new_tokens must be at least 0, but is -1"},
      {{.num_beams = 0}, "num_beams must be at least 1, but is 0"},
      {{.length_penalty = nan}, "length_penalty must be a finite number, but is nan"},
      {{.num_return_sequences = 0}, "num_return_sequences must be at least 1, but is 0"},
      {{.num_return_sequences = 2}, "num_return_sequences (2) must be 1 in greedy search"},
      {{.num_beams = 2, .num_return_sequences = 3},
       "num_return_sequences (3) must not be larger than num_beams (2)"},
      {{.repetition_penalty = 0.0F}, "repetition_penalty must be a positive number, but is 0"},
      {{.repetition_penalty = infinity}, "repetition_penalty must be a positive number"},
      {{.no_repeat_ngram_size = -1}, "no_repeat_ngram_size must be at least 0, but is -1"},
      {{.do_sample = true, .temperature = 0.0F}, "temperature must be a positive number, but is 0"},
      {{.do_sample = true, .temperature = -0.5F}, "temperature must be a positive number"},
      {{.do_sample = true, .top_k = -1}, "top_k must be at least 0, but is -1"},
      {{.do_sample = true, .top_p = 0.0F}, "top_p must be above 0 and at most 1, but is 0"},
      {{.do_sample = true, .top_p = 1.1F}, "top_p must be above 0 and at most 1, but is 1.1"},
      {{.do_sample = true, .top_p = nan}, "top_p must be above 0 and at most 1, but is nan"},
  };
  for (const auto& rejected : cases) {
    EXPECT_THAT(error_of([&] { static_cast<void>(resolve(rejected.options)); }),
                testing::HasSubstr(rejected.message));
  }
  EXPECT_THAT(error_of([] { static_cast<void>(resolve({.num_beams = 1 << 30})); },
                       ErrorCode::limit_exceeded),
              testing::HasSubstr("num_beams may be at most 1024"));
}

TEST(Settings, SamplingOptionsAreNotCheckedWhenUnused) {
  EXPECT_EQ(resolve({.temperature = 0.0F}).temperature, 0.0);
}

}  // namespace
}  // namespace blip
