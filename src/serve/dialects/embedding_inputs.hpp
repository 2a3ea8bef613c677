// Texts and pictures that are to be embedded, as JSON names them.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serve/dialects/dialect.hpp"
#include "serve/dialects/embedding_answer.hpp"

namespace blip::serve {

/// A text, or {"text": …}, or a picture: {"image": base64, data URL or address}, or a data URL by
/// itself. Throws malformed and invalid_argument, with `field` in the message.
EmbeddingInput embedding_input(const nlohmann::json& value, const std::string& field);

/// One of them or a list of up to `max`.
std::vector<EmbeddingInput> embedding_inputs(const nlohmann::json& value, const std::string& field,
                                             std::size_t max);

/// The name, for Task::model, of the model that embeds: the named one, or the first one; if there
/// are `texts`, it must read texts. Throws Refusal.
std::string embedding_model(const ServerView& server, std::string_view name, bool texts);

/// Of rows of unit length.
float cosine(std::span<const float> a, std::span<const float> b);

}  // namespace blip::serve
