// Embeddings of texts and pictures, in the order in which a client listed them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "serve/dialects/dialect.hpp"

namespace blip::serve {

using EmbeddingInput = std::variant<std::string, Picture>;

/// A task a picture, and one for all texts. Throws as model_for() does, and invalid_argument for an
/// empty list.
std::vector<Task> embedding_tasks(std::string_view model, const std::vector<EmbeddingInput>& inputs,
                                  const HttpRequest& http, const ServerView& server);

/// [inputs] vectors of unit length. None of the outcomes has failed. `dimensions`: so many of their
/// first numbers, at most as many as there are, made unit length again.
std::vector<std::vector<float>> embeddings_of(std::span<const TaskOutcome> outcomes,
                                              const std::vector<bool>& is_picture,
                                              std::optional<std::size_t> dimensions = {});

/// Which of the inputs are pictures.
std::vector<bool> pictures_among(const std::vector<EmbeddingInput>& inputs);

/// Of all texts together.
std::size_t num_text_tokens(std::span<const TaskOutcome> outcomes);

}  // namespace blip::serve
