// How clients of chat models ask for text to be generated, as GenerationOptions.
#pragma once

#include <cstdint>
#include <optional>

#include "blip/generation.hpp"
#include "core/json_fields.hpp"

namespace blip::serve {

/// What chat clients set, whatever they call it.
struct ClientSampling {
  std::optional<double> temperature = {};
  std::optional<double> top_p = {};
  std::optional<int> top_k = {};
  std::optional<double> repetition_penalty = {};
  std::optional<int> max_tokens = {};
  std::optional<std::int64_t> seed = {};
  std::optional<int> choices = {};  ///< texts for one picture
};

/// Chat clients bound the length of whole conversations: a bound above this says nothing about a
/// caption, and the model's own is kept.
inline constexpr int kMaxClientTokens = 64;
/// Of one picture; beams as well.
inline constexpr int kMaxChoices = 16;

/// Temperature 0 is greedy search, above 0 samples; without one the model's own search is kept.
/// top_p and top_k count while sampling. Several texts are sampled, or else beams. A negative seed,
/// and a bound of tokens that is not positive, count as absent.
GenerationOptions generation_of(const ClientSampling& sampling);

/// A seed of any 64 bits, absent if null. Throws malformed for what is no whole number.
std::optional<std::int64_t> seed_of(const JsonFields& fields, const char* key);

}  // namespace blip::serve
