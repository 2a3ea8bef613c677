#include "serve/dialects/client_sampling.hpp"

#include <nlohmann/json.hpp>

namespace blip::serve {

GenerationOptions generation_of(const ClientSampling& sampling) {
  GenerationOptions options;
  const bool samples = sampling.temperature && *sampling.temperature > 0;
  if (sampling.temperature) {
    options.do_sample = samples;
    options.num_beams = 1;
  }
  if (samples) {
    options.temperature = static_cast<float>(*sampling.temperature);
    if (sampling.top_p && *sampling.top_p > 0) options.top_p = static_cast<float>(*sampling.top_p);
    if (sampling.top_k && *sampling.top_k >= 0) options.top_k = *sampling.top_k;
  }
  if (sampling.repetition_penalty && *sampling.repetition_penalty > 0) {
    options.repetition_penalty = static_cast<float>(*sampling.repetition_penalty);
  }
  if (sampling.max_tokens && *sampling.max_tokens > 0 && *sampling.max_tokens <= kMaxClientTokens) {
    options.max_new_tokens = *sampling.max_tokens;
  }
  if (sampling.seed && *sampling.seed >= 0) {
    options.seed = static_cast<std::uint64_t>(*sampling.seed);
  }
  if (sampling.choices && *sampling.choices > 1) {
    options.num_return_sequences = *sampling.choices;
    if (!samples) options.num_beams = *sampling.choices;
  }
  return options;
}

std::optional<std::int64_t> seed_of(const JsonFields& fields, const char* key) {
  const nlohmann::json* value = fields.find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_integer()) {
    fields.fail(key, "must be a whole number, not " + describe(*value));
  }
  // Half of the unsigned ones are negative here, and count as absent.
  return value->get<std::int64_t>();
}

}  // namespace blip::serve
