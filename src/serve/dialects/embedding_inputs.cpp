#include "serve/dialects/embedding_inputs.hpp"

#include <algorithm>
#include <numeric>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "serve/dialects/base64.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_pictures.hpp"

namespace blip::serve {
namespace {

bool embeds_texts(const ModelStatus& model) {
  return can(model, TaskKind::embed) && model.max_tokens > 0;
}

}  // namespace

EmbeddingInput embedding_input(const nlohmann::json& value, const std::string& field) {
  if (value.is_object()) {
    const auto image = value.find("image");
    if (image != value.end()) return picture_of_json(*image, field + ".image");
    const auto text = value.find("text");
    if (text != value.end()) return embedding_input(*text, field + ".text");
  }
  if (!value.is_string()) {
    throw Error(ErrorCode::invalid_argument,
                field + ": must be text or {\"image\": …}, not " + describe(value));
  }
  const auto& text = value.get_ref<const std::string&>();
  if (text.starts_with("data:image/")) return picture_of_text(text, field);
  return text;
}

std::vector<EmbeddingInput> embedding_inputs(const nlohmann::json& value, const std::string& field,
                                             std::size_t max) {
  if (!value.is_array()) return {embedding_input(value, field)};
  if (value.size() > max) {
    throw Error(ErrorCode::limit_exceeded, "batch size " + std::to_string(value.size()) +
                                               " > maximum allowed batch size " +
                                               std::to_string(max));
  }
  std::vector<EmbeddingInput> inputs;
  for (std::size_t i = 0; i < value.size(); ++i) {
    inputs.push_back(embedding_input(value[i], field + '[' + std::to_string(i) + ']'));
  }
  return inputs;
}

std::string embedding_model(const ServerView& server, std::string_view name, bool texts) {
  if (const ModelStatus* named = named_model(server, name)) {
    if (texts ? embeds_texts(*named) : can(*named, TaskKind::embed)) return named->name;
    throw Refusal(FailureKind::not_supported,
                  "model " + in_quotes(named->name) +
                      (texts ? " does not embed texts" : " does not embed pictures"));
  }
  // One that compares both, if there is one: clients keep vectors of pictures to search them.
  const auto& models = server.engine.models;
  const auto found = std::find_if(models.begin(), models.end(), embeds_texts);
  if (found != models.end()) return found->name;
  const ModelStatus* other = texts ? nullptr : first_model(server, TaskKind::embed);
  if (other != nullptr) return other->name;
  throw Refusal(FailureKind::not_supported, "no model of this server can do this: embed");
}

float cosine(std::span<const float> a, std::span<const float> b) {
  const auto sum = std::inner_product(
      a.begin(), a.end(), b.begin(), 0.0, std::plus<>(),
      [](float x, float y) { return static_cast<double>(x) * static_cast<double>(y); });
  return static_cast<float>(sum);
}

}  // namespace blip::serve
