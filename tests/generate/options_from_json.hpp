// transformers' keyword arguments of `generate`, as the oracle's scripts write them down.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "blip/generation.hpp"

namespace blip {

template <typename T>
void read_option(const nlohmann::json& options, const char* name, std::optional<T>& field) {
  if (options.contains(name)) field = options.at(name).get<T>();
}

inline GenerationOptions options_from_json(const nlohmann::json& json) {
  GenerationOptions options;
  read_option(json, "max_length", options.max_length);
  read_option(json, "max_new_tokens", options.max_new_tokens);
  read_option(json, "min_length", options.min_length);
  read_option(json, "min_new_tokens", options.min_new_tokens);
  read_option(json, "num_beams", options.num_beams);
  read_option(json, "length_penalty", options.length_penalty);
  read_option(json, "num_return_sequences", options.num_return_sequences);
  read_option(json, "repetition_penalty", options.repetition_penalty);
  read_option(json, "no_repeat_ngram_size", options.no_repeat_ngram_size);
  read_option(json, "bad_words_ids", options.bad_words_ids);
  read_option(json, "do_sample", options.do_sample);
  read_option(json, "temperature", options.temperature);
  read_option(json, "top_k", options.top_k);
  read_option(json, "top_p", options.top_p);
  read_option(json, "seed", options.seed);
  read_option(json, "output_scores", options.output_scores);
  if (json.contains("early_stopping")) {
    const auto& value = json.at("early_stopping");
    options.early_stopping = value == "never" ? EarlyStopping::never
                             : value == true  ? EarlyStopping::when_full
                                              : EarlyStopping::heuristic;
  }
  return options;
}

}  // namespace blip
