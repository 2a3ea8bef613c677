#include "generate/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <string>

#include "blip/error.hpp"

namespace blip {
namespace {

// transformers' GenerationConfig._get_default_generation_params: max_length 20, which generate()
// counts after the prompt when neither the caller nor the model set a maximum.
constexpr int kDefaultNewTokens = 20;

// Far above any use; they only keep a mistyped number from exhausting memory.
constexpr int kMaxBeams = 1024;
constexpr int kMaxReturnSequences = 1024;

template <typename T>
T first_of(const std::optional<T>& caller, const std::optional<T>& model, T fallback) {
  return caller.value_or(model.value_or(fallback));
}

template <typename T>
std::optional<T> first_of(const std::optional<T>& caller, const std::optional<T>& model) {
  return caller ? caller : model;
}

// 0.9F is 0.89999997…; transformers computes with the 0.9 that was written. The shortest decimal
// that identifies the float is that number.
double as_written(float value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  auto result = static_cast<double>(value);
  std::from_chars(text.data(), end, result);
  return result;
}

std::string written(double value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

[[noreturn]] void reject(const std::string& message) {
  throw Error(ErrorCode::invalid_argument, message);
}

void require_at_least(const char* name, int value, int minimum) {
  if (value < minimum) {
    reject(std::string(name) + " must be at least " + std::to_string(minimum) + ", but is " +
           std::to_string(value));
  }
}

void require_at_most(const char* name, int value, int limit) {
  if (value > limit) {
    throw Error(ErrorCode::limit_exceeded, std::string(name) + " may be at most " +
                                               std::to_string(limit) + ", but is " +
                                               std::to_string(value));
  }
}

void require_positive(const char* name, double value) {
  if (!std::isfinite(value) || value <= 0.0) {
    reject(std::string(name) + " must be a positive number, but is " + written(value));
  }
}

void check_lengths(const GenerationSettings& settings) {
  if (settings.max_length) require_at_least("max_length", *settings.max_length, 1);
  if (settings.max_new_tokens) require_at_least("max_new_tokens", *settings.max_new_tokens, 1);
  require_at_least("min_length", settings.min_length, 0);
  if (settings.min_new_tokens) require_at_least("min_new_tokens", *settings.min_new_tokens, 0);
}

void check_search(const GenerationSettings& settings) {
  require_at_least("num_beams", settings.num_beams, 1);
  require_at_most("num_beams", settings.num_beams, kMaxBeams);
  require_at_least("num_return_sequences", settings.num_return_sequences, 1);
  require_at_most("num_return_sequences", settings.num_return_sequences, kMaxReturnSequences);
  if (settings.num_beams > 1 && settings.num_return_sequences > settings.num_beams) {
    reject("num_return_sequences (" + std::to_string(settings.num_return_sequences) +
           ") must not be larger than num_beams (" + std::to_string(settings.num_beams) + ")");
  }
  if (settings.num_beams == 1 && !settings.do_sample && settings.num_return_sequences > 1) {
    reject("num_return_sequences (" + std::to_string(settings.num_return_sequences) +
           ") must be 1 in greedy search: set num_beams or do_sample to get several sequences");
  }
  if (!std::isfinite(settings.length_penalty)) {
    reject("length_penalty must be a finite number, but is " + written(settings.length_penalty));
  }
  require_positive("repetition_penalty", settings.repetition_penalty);
  require_at_least("no_repeat_ngram_size", settings.no_repeat_ngram_size, 0);
}

// Like transformers, only when they are used: a greedy call may inherit temperature 0.
void check_sampling(const GenerationSettings& settings) {
  if (settings.temperature == 0.0) {
    reject("temperature must be a positive number, but is 0: turn do_sample off for greedy search");
  }
  require_positive("temperature", settings.temperature);
  require_at_least("top_k", settings.top_k, 0);
  if (!(settings.top_p > 0.0 && settings.top_p <= 1.0)) {
    reject("top_p must be above 0 and at most 1, but is " + written(settings.top_p));
  }
}

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32U) | device();
}

}  // namespace

GenerationSettings resolve_settings(const GenerationOptions& model, const GenerationOptions& caller,
                                    const DecoderTraits& decoder) {
  GenerationSettings settings;
  settings.max_length = first_of(caller.max_length, model.max_length);
  settings.max_new_tokens = first_of(caller.max_new_tokens, model.max_new_tokens);
  settings.max_is_the_callers =
      settings.max_new_tokens ? caller.max_new_tokens.has_value() : caller.max_length.has_value();
  settings.min_length = first_of(caller.min_length, model.min_length, settings.min_length);
  settings.min_new_tokens = first_of(caller.min_new_tokens, model.min_new_tokens);

  settings.num_beams = first_of(caller.num_beams, model.num_beams, settings.num_beams);
  settings.length_penalty = as_written(first_of(caller.length_penalty, model.length_penalty, 1.0F));
  settings.early_stopping =
      first_of(caller.early_stopping, model.early_stopping, settings.early_stopping);
  settings.num_return_sequences = first_of(caller.num_return_sequences, model.num_return_sequences,
                                           settings.num_return_sequences);
  settings.repetition_penalty =
      as_written(first_of(caller.repetition_penalty, model.repetition_penalty, 1.0F));
  settings.no_repeat_ngram_size = first_of(caller.no_repeat_ngram_size, model.no_repeat_ngram_size,
                                           settings.no_repeat_ngram_size);

  settings.do_sample = first_of(caller.do_sample, model.do_sample, settings.do_sample);
  settings.temperature = as_written(first_of(caller.temperature, model.temperature, 1.0F));
  settings.top_k = first_of(caller.top_k, model.top_k, settings.top_k);
  settings.top_p = as_written(first_of(caller.top_p, model.top_p, 1.0F));
  settings.image_offset = first_of(caller.image_offset, model.image_offset, std::uint64_t{0});
  settings.output_scores = first_of(caller.output_scores, model.output_scores, false);

  settings.stop_token_id = decoder.stop_token_id;
  settings.vocab_size = decoder.vocab_size;
  settings.max_position_embeddings = decoder.max_position_embeddings;

  const auto& bad_words = caller.bad_words_ids ? caller.bad_words_ids : model.bad_words_ids;
  if (bad_words) {
    settings.bad_words =
        std::make_shared<const BadWords>(*bad_words, settings.stop_token_id, settings.vocab_size);
  }

  // Beam search looks at the two best continuations of every beam.
  require_at_least("vocab_size", settings.vocab_size, 2);
  require_at_least("max_position_embeddings", settings.max_position_embeddings, 1);
  check_lengths(settings);
  check_search(settings);
  if (settings.do_sample) {
    check_sampling(settings);
    const auto seed = first_of(caller.seed, model.seed);
    settings.seed = seed ? *seed : random_seed();
  }
  return settings;
}

SequenceLimits limits_for(const GenerationSettings& settings, int prompt_length) {
  require_at_least("the number of start tokens", prompt_length, 1);
  const int positions = settings.max_position_embeddings;
  if (prompt_length >= positions) {
    reject("the prompt has " + std::to_string(prompt_length) + " tokens, but the model has only " +
           std::to_string(positions) + " positions: shorten the prompt");
  }

  // 64 bits: max_new_tokens may be the largest int.
  std::int64_t longest = std::min(prompt_length + kDefaultNewTokens, positions);
  const char* option = "the default length";
  if (settings.max_new_tokens) {
    longest = std::int64_t{prompt_length} + *settings.max_new_tokens;
    option = "max_new_tokens";
  } else if (settings.max_length) {
    longest = *settings.max_length;
    option = "max_length";
  }
  if (longest <= prompt_length) {
    reject(std::string(option) + " allows " + std::to_string(longest) +
           " tokens in all, but the prompt alone has " + std::to_string(prompt_length) +
           ": raise max_length or set max_new_tokens");
  }
  if (longest > positions) {
    if (settings.max_is_the_callers) {
      reject(std::string(option) + " asks for up to " + std::to_string(longest) +
             " tokens in all, but the model has only " + std::to_string(positions) + " positions");
    }
    longest = positions;  // a careless model configuration must not make the model unusable
  }

  const std::int64_t shortest = settings.min_new_tokens
                                    ? std::int64_t{prompt_length} + *settings.min_new_tokens
                                    : std::int64_t{settings.min_length};
  SequenceLimits limits;
  limits.prompt_length = prompt_length;
  limits.max_length = static_cast<int>(longest);
  // Beyond max_length it only means that the stop token never comes (transformers warns).
  limits.min_length = static_cast<int>(std::min(shortest, longest + 1));
  return limits;
}

}  // namespace blip
