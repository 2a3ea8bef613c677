// Random requests that join a GenerationSession, leave it, are stopped or fail in any order, each
// compared to the last bit with what it is alone.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "generate/generate.hpp"
#include "generate/generation_session.hpp"

namespace blip {

/// A decoder that images join and leave.
class ScheduleDecoder {
 public:
  virtual ~ScheduleDecoder() = default;
  /// Returns the slot that rows call it by.
  virtual int add_image(std::uint32_t name) = 0;
  virtual void remove_image(int slot) = 0;
  virtual std::span<const float> step(std::span<const DecodeRow> rows) = 0;
};
using MakeDecoder = std::function<std::unique_ptr<ScheduleDecoder>()>;

struct ScheduleLimits {
  DecoderTraits decoder;
  std::uint32_t images = 100;  ///< names are below this
  int prompt_length = 4;
  int new_tokens = 10;
  int beams = 5;
  int return_sequences = 3;
};

/// What became of a request.
struct Outcome {
  std::vector<GeneratedSequence> sequences;
  std::optional<ErrorCode> code;
  std::string message;
};

inline Outcome outcome_of(std::exception_ptr error) {
  try {
    std::rethrow_exception(std::move(error));
  } catch (const Error& caught) {
    return {{}, caught.code(), caught.what()};
  }
}

inline void expect_same(const Outcome& actual, const Outcome& expected, const std::string& what) {
  EXPECT_EQ(actual.code, expected.code) << what << ": " << actual.message;
  EXPECT_EQ(actual.message, expected.message) << what;
  ASSERT_EQ(actual.sequences.size(), expected.sequences.size()) << what;
  for (std::size_t i = 0; i < actual.sequences.size(); ++i) {
    EXPECT_EQ(actual.sequences[i].ids, expected.sequences[i].ids) << what << " sequence " << i;
    EXPECT_EQ(actual.sequences[i].score, expected.sequences[i].score) << what << " sequence " << i;
    EXPECT_EQ(actual.sequences[i].transition_scores, expected.sequences[i].transition_scores)
        << what << " sequence " << i;
  }
}

/// Everything about a request and its fate, drawn from a seed.
class RandomRequest {
 public:
  RandomRequest(std::mt19937& random, const ScheduleLimits& limits) : random_(random) {
    image = static_cast<std::uint32_t>(below(static_cast<int>(limits.images)));
    for (int i = below(limits.prompt_length); i >= 0; --i) {
      prompt.push_back(below(limits.decoder.vocab_size));
    }
    GenerationOptions options{
        .max_new_tokens = 1 + below(limits.new_tokens),
        .min_new_tokens = one_of({0, 0, 3}),
        .repetition_penalty = one_of({1.0F, 1.0F, 1.3F}),
        .no_repeat_ngram_size = one_of({0, 0, 0, 2, 1}),
        .temperature = one_of({1.0F, 0.7F, 1.3F}),
        .top_k = one_of({50, 0, 5}),
        .top_p = one_of({1.0F, 0.8F}),
        .seed = random_(),
        .image_offset = random_(),
        .output_scores = below(2) == 0,
    };
    options.do_sample = below(2) == 0;
    if (below(2) == 0) {
      options.num_beams = 2 + below(limits.beams - 1);
      options.num_return_sequences = 1 + below(*options.num_beams);
      options.length_penalty = one_of({1.0F, 0.0F, -1.0F, 2.0F});
      options.early_stopping =
          one_of({EarlyStopping::heuristic, EarlyStopping::when_full, EarlyStopping::never});
    } else if (*options.do_sample) {
      options.num_return_sequences = 1 + below(limits.return_sequences);
    }
    settings = resolve_settings({}, options, limits.decoder);
    joins = below(8);
    fate = static_cast<Fate>(one_of({0, 0, 0, 1, 2}));
    leaves = joins + below(8);
  }

  [[nodiscard]] Outcome alone(ScheduleDecoder& decoder) const {
    const int slot = decoder.add_image(image);
    EXPECT_EQ(slot, 0);  // as generate_sequences calls it
    try {
      return {generate_sequences([&](auto rows) { return decoder.step(rows); },
                                 std::span(&prompt, 1), settings),
              {},
              {}};
    } catch (const Error&) {
      return outcome_of(std::current_exception());
    }
  }

  enum class Fate { ends, is_removed, is_stopped };

  std::uint32_t image = 0;
  std::vector<TokenId> prompt;
  GenerationSettings settings;
  int joins = 0;  // before that step
  Fate fate = Fate::ends;
  int leaves = 0;  // before that step, unless it has ended

 private:
  int below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[below(static_cast<int>(values.size()))];
  }

  std::mt19937& random_;
};

class Schedule {
 public:
  Schedule(std::uint32_t seed, const ScheduleLimits& limits, const MakeDecoder& make_decoder)
      : random_(seed), make_decoder_(make_decoder), decoder_(make_decoder()) {
    for (auto count = 2 + random_() % 5; count > 0; --count) {
      requests_.push_back(std::make_unique<Request>(random_, limits));
    }
  }

  void run() {
    for (int time = 0; time < 16 || session_.size() > 0; ++time) {
      for (auto& request : requests_) {
        if (request->drawn.joins == time) join(*request);
        if (request->drawn.leaves == time) leave(*request);
      }
      session_.step([&](auto rows) { return decoder_->step(rows); });
      for (FinishedRequest& finished : session_.take_finished()) end(finished);
    }
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      check(*requests_[i], "request " + std::to_string(i));
    }
  }

 private:
  struct Request {
    Request(std::mt19937& random, const ScheduleLimits& limits) : drawn(random, limits) {}
    RandomRequest drawn;
    std::stop_source stop;
    int slot = -1;
    std::optional<RequestId> id;
    bool was_removed = false;
    bool was_stopped = false;  // before it ended
    std::optional<Outcome> outcome;
    std::map<std::size_t, std::vector<TokenId>> reported;
  };

  void join(Request& request) {
    request.slot = decoder_->add_image(request.drawn.image);
    const auto hear = [&request](const GeneratedToken& token) {
      EXPECT_EQ(token.image, 7U);
      request.reported[token.sequence].push_back(token.token);
    };
    request.id = session_.add({.image = request.slot,
                               .prompt = request.drawn.prompt,
                               .settings = request.drawn.settings,
                               .callbacks = {.on_token = hear, .stop = request.stop.get_token()},
                               .index = 7});
  }

  void leave(Request& request) {
    if (request.drawn.fate == RandomRequest::Fate::is_stopped) {
      request.was_stopped = !request.outcome;
      request.stop.request_stop();
    } else if (request.drawn.fate == RandomRequest::Fate::is_removed) {
      request.was_removed = session_.remove(*request.id);
      EXPECT_EQ(request.was_removed, !request.outcome);
      if (request.was_removed) decoder_->remove_image(request.slot);
    }
  }

  void end(FinishedRequest& finished) {
    const auto request = std::find_if(requests_.begin(), requests_.end(),
                                      [&](const auto& each) { return each->id == finished.id; });
    ASSERT_NE(request, requests_.end());
    ASSERT_FALSE((*request)->outcome) << "it ended twice";
    (*request)->outcome = finished.error ? outcome_of(finished.error)
                                         : Outcome{std::move(finished.sequences), {}, {}};
    decoder_->remove_image((*request)->slot);
  }

  void check(const Request& request, const std::string& what) {
    const Outcome alone = request.drawn.alone(*make_decoder_());
    ASSERT_EQ(request.outcome.has_value(), !request.was_removed) << what;
    if (request.was_stopped) {
      EXPECT_EQ(request.outcome->code, ErrorCode::cancelled) << what;
    } else if (!request.was_removed) {
      expect_same(*request.outcome, alone, what);
    }
    const bool ended = request.outcome && !request.outcome->code;
    for (std::size_t i = 0; i < alone.sequences.size(); ++i) {
      std::vector<TokenId> expected(
          alone.sequences[i].ids.begin() + static_cast<std::ptrdiff_t>(request.drawn.prompt.size()),
          alone.sequences[i].ids.end());
      // A degenerate beam search returns sequences without a generated token, which are not heard
      // of.
      const auto found = request.reported.find(i);
      const auto tokens = found == request.reported.end() ? std::vector<TokenId>{} : found->second;
      if (!ended) expected.resize(std::min(expected.size(), tokens.size()));
      EXPECT_EQ(tokens, expected) << what << " sequence " << i;
    }
  }

  std::mt19937 random_;
  const MakeDecoder& make_decoder_;
  std::unique_ptr<ScheduleDecoder> decoder_;
  GenerationSession session_;
  std::vector<std::unique_ptr<Request>> requests_;
};

/// Runs schedules of the seeds [0, count) until one fails.
inline void run_schedules(std::uint32_t count, const ScheduleLimits& limits,
                          const MakeDecoder& make_decoder) {
  for (std::uint32_t seed = 0; seed < count && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Schedule(seed, limits, make_decoder).run();
  }
}

}  // namespace blip
