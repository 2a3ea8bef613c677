// POST /v1/embeddings: texts as OpenAI has them, pictures as Jina, llama-server and vLLM do.
#include <bit>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "serve/dialects/base64.hpp"
#include "serve/dialects/embedding_answer.hpp"
#include "serve/dialects/json_numbers.hpp"
#include "serve/dialects/openai_requests.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/request_pictures.hpp"

namespace blip::serve {
namespace {

/// A picture or a text out of parts; both together have no embedding here.
EmbeddingInput input_of_prompt(OpenaiPrompt prompt, const std::string& where) {
  if (prompt.pictures.size() == 1) return std::move(prompt.pictures.front());
  if (prompt.pictures.empty() && !prompt.prompt.empty()) return std::move(prompt.prompt);
  throw Error(ErrorCode::invalid_argument, where + ": must be one text or one image");
}

/// A text; {"text"}; {"image"}; {"content": [parts]}.
EmbeddingInput embedding_input_of(const nlohmann::json& item, const std::string& where) {
  if (item.is_string()) return item.get<std::string>();
  if (!item.is_object()) {
    throw Error(ErrorCode::invalid_argument,
                where + ": must be a text or an image, not " + describe(item));
  }
  const JsonFields fields(item, where);
  if (fields.find("content") != nullptr) {
    const nlohmann::json messages = nlohmann::json::array({{{"content", item["content"]}}});
    return input_of_prompt(openai_prompt(&messages, where), where);
  }
  const auto text = fields.string("text");
  const nlohmann::json* image = fields.find("image");
  if (text && image == nullptr) return *text;
  if (image != nullptr && !text) return picture_of_json(*image, where + ".image");
  throw Error(ErrorCode::invalid_argument, where + ": must have either text or image");
}

std::vector<EmbeddingInput> embedding_inputs_of(const JsonFields& fields) {
  std::vector<EmbeddingInput> inputs;
  if (const nlohmann::json* messages = fields.find("messages")) {
    inputs.push_back(input_of_prompt(openai_prompt(messages, "messages"), "messages"));
    return inputs;
  }
  const nlohmann::json* input = fields.find("input");
  if (input == nullptr) {
    throw Error(ErrorCode::invalid_argument, "request: input is missing");
  }
  if (!input->is_array()) {
    inputs.push_back(embedding_input_of(*input, "input"));
    return inputs;
  }
  for (std::size_t i = 0; i < input->size(); ++i) {
    const auto& item = (*input)[i];
    const std::string where = "input[" + std::to_string(i) + ']';
    if (item.is_number() || item.is_array()) {
      throw Error(ErrorCode::invalid_argument, where + ": token ids are not supported, send texts");
    }
    inputs.push_back(embedding_input_of(item, where));
  }
  return inputs;
}

/// float32, little-endian, in base64.
std::string base64_of(const std::vector<float>& vector) {
  std::string bytes;
  bytes.reserve(vector.size() * 4);
  for (const float value : vector) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) {
      bytes.push_back(static_cast<char>((bits >> shift) & 0xFF));
    }
  }
  return encode_base64(bytes);
}

}  // namespace

Plan openai_embeddings(const HttpRequest& http, const ServerView& server) {
  const nlohmann::json body = request_object(http);
  const JsonFields fields(body, kRequestName);
  const std::string model = fields.string("model").value_or("");
  const auto inputs = embedding_inputs_of(fields);
  const std::string encoding =
      fields.string("encoding_format").value_or(fields.string("embedding_type").value_or("float"));
  if (encoding != "float" && encoding != "base64") {
    throw Refusal(FailureKind::bad_request, "encoding_format must be float or base64");
  }
  std::optional<std::size_t> dimensions;
  if (const auto value = whole_number(fields, "dimensions", {1, 1'000'000})) {
    dimensions = static_cast<std::size_t>(*value);
  }
  auto tasks = embedding_tasks(model, inputs, http, server);
  return Work{
      .tasks = std::move(tasks),
      .respond = [model, dimensions, base64 = encoding == "base64",
                  is_picture = pictures_among(inputs)](std::span<const TaskOutcome> outcomes) {
        if (const auto* failure = first_failure(outcomes)) return openai_failure(*failure);
        auto data = nlohmann::ordered_json::array();
        for (const auto& vector : embeddings_of(outcomes, is_picture, dimensions)) {
          nlohmann::ordered_json entry = {{"object", "embedding"}, {"index", data.size()}};
          entry["embedding"] =
              base64 ? nlohmann::ordered_json(base64_of(vector)) : json_numbers(vector);
          data.push_back(std::move(entry));
        }
        const std::size_t tokens = num_text_tokens(outcomes);
        const auto& first = std::get<TaskResult>(outcomes.front());
        return HttpResponse::json(
            200, json_text_of({{"object", "list"},
                               {"data", std::move(data)},
                               {"model", model.empty() ? first.model : model},
                               {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}}));
      }};
}

}  // namespace blip::serve
