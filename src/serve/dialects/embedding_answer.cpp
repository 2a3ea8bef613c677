#include "serve/dialects/embedding_answer.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "blip/error.hpp"
#include "serve/dialects/json_numbers.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/request_pictures.hpp"

namespace blip::serve {

std::vector<Task> embedding_tasks(std::string_view model, const std::vector<EmbeddingInput>& inputs,
                                  const HttpRequest& http, const ServerView& server) {
  if (inputs.empty()) throw Error(ErrorCode::invalid_argument, "request: input is empty");
  const std::string name = model_for(server, model, TaskKind::embed);
  std::vector<Task> tasks;
  std::vector<std::string> texts;
  for (const auto& input : inputs) {
    if (const auto* text = std::get_if<std::string>(&input)) {
      texts.push_back(*text);
    } else {
      tasks.push_back({.model = name,
                       .input = EmbedImageTask{.picture = std::get<Picture>(input)},
                       .client = http.client});
    }
  }
  check_number_of_pictures(tasks.size());
  if (texts.size() > kMaxTexts) {
    throw Error(ErrorCode::limit_exceeded,
                "request: input has more than " + std::to_string(kMaxTexts) + " texts");
  }
  if (!texts.empty()) {
    tasks.push_back(
        {.model = name, .input = EmbedTextsTask{.texts = std::move(texts)}, .client = http.client});
  }
  return tasks;
}

std::vector<std::vector<float>> embeddings_of(std::span<const TaskOutcome> outcomes,
                                              const std::vector<bool>& is_picture,
                                              std::optional<std::size_t> dimensions) {
  std::vector<std::vector<float>> vectors;
  std::size_t next_picture = 0;
  std::size_t next_text = 0;
  for (const bool picture : is_picture) {
    const auto& outcome = picture ? outcomes[next_picture++] : outcomes.back();
    const auto& result = result_of<EmbeddingResult>(outcome);
    const auto row = row_of(result.embeddings, picture ? 0 : next_text++);
    std::vector<float> vector(row.begin(), row.end());
    if (dimensions && *dimensions < vector.size()) {
      vector.resize(*dimensions);
      double squares = 0;
      for (const float value : vector) squares += static_cast<double>(value) * value;
      const double length = std::sqrt(squares);
      for (float& value : vector) {
        if (length > 0) value = static_cast<float>(value / length);
      }
    }
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

std::vector<bool> pictures_among(const std::vector<EmbeddingInput>& inputs) {
  std::vector<bool> among;
  for (const auto& input : inputs) among.push_back(std::holds_alternative<Picture>(input));
  return among;
}

std::size_t num_text_tokens(std::span<const TaskOutcome> outcomes) {
  std::size_t count = 0;
  for (const auto& outcome : outcomes) count += result_of<EmbeddingResult>(outcome).tokens;
  return count;
}

}  // namespace blip::serve
