// Models as Ollama's API describes them.
#pragma once

#include <nlohmann/json.hpp>

#include "serve/dialects/dialect.hpp"

namespace blip::serve {

/// Of /api/tags.
nlohmann::ordered_json ollama_list(const ServerView& server);
/// Of /api/ps: those that are loaded.
nlohmann::ordered_json ollama_loaded(const ServerView& server);
/// Of /api/show.
nlohmann::ordered_json ollama_details(const ModelStatus& model);

}  // namespace blip::serve
