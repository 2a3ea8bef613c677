#include "serve/dialects/model_names.hpp"

#include <algorithm>

#include "core/in_quotes.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/engine/model_name.hpp"

namespace blip::serve {
namespace {

/// In the quotes that Ollama's clients look for, and fit for one line.
std::string one_line(std::string_view name) {
  std::string quoted = in_quotes(name);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

const ModelStatus* find_model(const ServerView& server, std::string_view name) {
  const std::string wanted = plain_model_name(name);
  const auto is_wanted = [&](const std::string& own) { return plain_model_name(own) == wanted; };
  // Names win over aliases, whichever model comes first.
  for (const auto& model : server.engine.models) {
    if (is_wanted(model.name)) return &model;
  }
  for (const auto& model : server.engine.models) {
    if (std::any_of(model.aliases.begin(), model.aliases.end(), is_wanted)) return &model;
  }
  if (wanted == "blip") {
    for (const auto& model : server.engine.models) {
      if (plain_model_name(model.architecture).starts_with("blip")) return &model;
    }
  }
  return nullptr;
}

bool can(const ModelStatus& model, TaskKind kind) {
  return std::find(model.tasks.begin(), model.tasks.end(), kind) != model.tasks.end();
}

const ModelStatus* first_model(const ServerView& server, TaskKind kind) {
  const auto& models = server.engine.models;
  const auto found = std::find_if(models.begin(), models.end(),
                                  [&](const ModelStatus& model) { return can(model, kind); });
  return found == models.end() ? nullptr : &*found;
}

const ModelStatus* named_model(const ServerView& server, std::string_view name) {
  if (name.empty()) return nullptr;
  const ModelStatus* model = find_model(server, name);
  if (model == nullptr && !server.any_model) {
    throw Refusal(FailureKind::model_not_found, "model '" + one_line(name) + "' not found");
  }
  return model;
}

std::string model_for(const ServerView& server, std::string_view name, TaskKind kind) {
  const ModelStatus* named = named_model(server, name);
  if (named == nullptr) {
    if (first_model(server, kind) == nullptr) {
      throw Refusal(FailureKind::not_supported,
                    "no model of this server can do this: " + std::string(name_of(kind)));
    }
    return {};
  }
  if (!can(*named, kind)) {
    throw Refusal(FailureKind::not_supported, "model " + in_quotes(named->name) +
                                                  " cannot do this: " + std::string(name_of(kind)));
  }
  return named->name;
}

}  // namespace blip::serve
