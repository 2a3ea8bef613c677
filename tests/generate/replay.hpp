// Runs one case that the oracle wrote as JSON (tools/reference/parity_generate.py).
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "generate/generate.hpp"
#include "hash_decoder.hpp"

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

inline HashModel hash_model_from_json(const nlohmann::json& json) {
  HashModel model;
  model.vocab_size = json.at("vocab_size");
  model.squarings = json.at("squarings");
  model.scale = json.at("scale");
  model.stop_period = json.at("stop_period");
  model.stop_token_id = json.at("stop_token_id");
  model.seed = json.at("seed");
  return model;
}

/// A case has "model", "images" (their names in the hash), "prompts", "options" and, optionally,
/// "model_options" (the model's generation configuration).
inline std::vector<GeneratedSequence> run_case(const nlohmann::json& json) {
  const HashModel model = hash_model_from_json(json.at("model"));
  const auto prompts = json.at("prompts").get<std::vector<std::vector<TokenId>>>();
  HashDecoder decoder(model, json.at("images").get<std::vector<std::uint32_t>>());
  const auto settings = resolve_settings(
      options_from_json(json.value("model_options", nlohmann::json::object())),
      options_from_json(json.at("options")),
      {model.stop_token_id, model.vocab_size, json.value("max_position_embeddings", 512)});
  return generate_sequences(std::ref(decoder), prompts, settings);
}

}  // namespace blip
