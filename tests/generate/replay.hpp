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
#include "options_from_json.hpp"

namespace blip {

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
