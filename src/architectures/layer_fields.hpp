// The fields of a configuration that every stack of transformer layers has, by transformers' names.
#pragma once

#include "architectures/config_limits.hpp"

namespace blip {

/// What a file lacks stays as `config` has it. Throws malformed, naming the field.
template <typename Config>
void read_layer_fields(const JsonFields& fields, Config& config) {
  const auto read = [&](const char* key, JsonFields::IntRange range, int& value) {
    value = fields.integer(key, range).value_or(value);
  };
  read("hidden_size", kWidths, config.hidden_size);
  read("intermediate_size", kWidths, config.intermediate_size);
  read("num_hidden_layers", kLayerCounts, config.num_hidden_layers);
  read("num_attention_heads", kWidths, config.num_attention_heads);
  config.layer_norm_eps = static_cast<float>(
      fields.number("layer_norm_eps", kEpsilons).value_or(config.layer_norm_eps));
  require_even_heads(fields, config.hidden_size, config.num_attention_heads);
}

}  // namespace blip
