// Which model a client means. Clients rarely know the names of ours.
#pragma once

#include <string>
#include <string_view>

#include "serve/dialects/dialect.hpp"

namespace blip::serve {

/// The model by its name or one of its aliases: upper and lower case are equal, '_' is '-', and
/// ":latest" at the end counts for nothing. "blip", unless a model is called so, is the first BLIP.
/// Null if there is none.
const ModelStatus* find_model(const ServerView& server, std::string_view name);

bool can(const ModelStatus& model, TaskKind kind);

/// The model of that name; null, which stands for any, if the name is empty or the server takes any
/// name. Throws Refusal (model_not_found) otherwise.
const ModelStatus* named_model(const ServerView& server, std::string_view name);

/// For Task::model: the name of the named model, which can do such a task, or nothing if the client
/// leaves the choice and there is one that can. Throws Refusal: model_not_found, not_supported.
std::string model_for(const ServerView& server, std::string_view name, TaskKind kind);

/// The first model that can do it, or null.
const ModelStatus* first_model(const ServerView& server, TaskKind kind);

}  // namespace blip::serve
