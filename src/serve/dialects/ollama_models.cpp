#include "serve/dialects/ollama_models.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "serve/dialects/model_names.hpp"
#include "serve/dialects/timestamps.hpp"

namespace blip::serve {
namespace {

/// "224M", "1.2B"
std::string parameter_size(std::uint64_t parameters) {
  const auto count = static_cast<double>(parameters);
  if (count >= 1e9) return fmt::format("{:.1f}B", count / 1e9);
  if (count >= 1e7) return fmt::format("{:.0f}M", count / 1e6);
  if (count >= 1e6) return fmt::format("{:.1f}M", count / 1e6);
  return fmt::format("{:.0f}K", count / 1e3);
}

std::string tagged_name(const ModelStatus& model) {
  return model.name.find(':') == std::string::npos ? model.name + ":latest" : model.name;
}

nlohmann::ordered_json details_of(const ModelStatus& model) {
  return {{"parent_model", ""},
          {"format", "safetensors"},
          {"family", model.architecture},
          {"families", nlohmann::ordered_json::array({model.architecture})},
          {"parameter_size", parameter_size(model.parameters)},
          {"quantization_level", model.weight_type}};
}

/// Go's zero time for what is not known.
std::string modified_at(const ModelStatus& model) {
  return model.modified == std::chrono::system_clock::time_point() ? "0001-01-01T00:00:00Z"
                                                                   : iso_time(model.modified);
}

nlohmann::ordered_json capabilities_of(const ModelStatus& model) {
  auto capabilities = nlohmann::ordered_json::array();
  if (can(model, TaskKind::caption) || can(model, TaskKind::answer)) {
    capabilities.push_back("completion");
  }
  capabilities.push_back("vision");
  if (can(model, TaskKind::embed)) capabilities.push_back("embedding");
  return capabilities;
}

}  // namespace

nlohmann::ordered_json ollama_list(const ServerView& server) {
  auto models = nlohmann::ordered_json::array();
  for (const auto& model : server.engine.models) {
    models.push_back({{"name", tagged_name(model)},
                      {"model", tagged_name(model)},
                      {"modified_at", modified_at(model)},
                      {"size", model.size},
                      {"digest", model.digest},
                      {"details", details_of(model)},
                      {"capabilities", capabilities_of(model)}});
  }
  return {{"models", std::move(models)}};
}

nlohmann::ordered_json ollama_loaded(const ServerView& server) {
  auto models = nlohmann::ordered_json::array();
  for (const auto& model : server.engine.models) {
    if (!model.loaded) continue;
    // For one that stays, a date as far away as Ollama's for keep_alive -1.
    const auto expires = model.expires.value_or(server.now + std::chrono::years(200));
    std::string expires_at = iso_time(expires);
    expires_at.replace(expires_at.size() - 1, 1, "+00:00");
    models.push_back({{"name", tagged_name(model)},
                      {"model", tagged_name(model)},
                      {"size", model.size},
                      {"digest", model.digest},
                      {"details", details_of(model)},
                      {"expires_at", std::move(expires_at)},
                      {"size_vram", 0},
                      {"context_length", model.max_tokens}});
  }
  return {{"models", std::move(models)}};
}

nlohmann::ordered_json ollama_details(const ModelStatus& model) {
  const std::string prefix = model.architecture + '.';
  return {{"license", ""},
          {"modelfile", "FROM " + model.name},
          {"parameters", ""},
          {"template", "{{ .Prompt }}"},
          {"details", details_of(model)},
          {"model_info",
           {{"general.architecture", model.architecture},
            {"general.basename", model.name},
            {"general.parameter_count", model.parameters},
            {prefix + "context_length", model.max_tokens},
            {prefix + "embedding_length", model.embedding_size}}},
          {"capabilities", capabilities_of(model)},
          {"modified_at", modified_at(model)}};
}

}  // namespace blip::serve
