#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "blip/error.hpp"
#include "serve/dialects/message_prompt.hpp"
#include "serve/dialects/openai_requests.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_pictures.hpp"

namespace blip::serve {
namespace {

/// {"type":"image_url","image_url":{"url"} or a text}, {"type":"input_image","image_url":text},
/// {"type":"text"|"input_text"|"output_text","text"}
void add_part(OpenaiPrompt& prompt, std::string& text, const nlohmann::json& part,
              const std::string& where) {
  if (part.is_string()) {
    text += part.get_ref<const std::string&>();
    return;
  }
  if (!part.is_object()) {
    throw Error(ErrorCode::malformed, where + ": must be an object, not " + describe(part));
  }
  const JsonFields fields(part, where);
  const std::string type = fields.string("type").value_or("text");
  if (type == "image_url" || type == "input_image" || type == "image") {
    const nlohmann::json* url = fields.find("image_url");
    if (url == nullptr) url = fields.find("image");
    if (url == nullptr) {
      throw Error(ErrorCode::invalid_argument,
                  where + ": an image without image_url (uploaded files are not supported)");
    }
    prompt.pictures.push_back(picture_of_json(*url, where + ".image_url"));
    check_number_of_pictures(prompt.pictures.size());
  } else if (type == "text" || type == "input_text" || type == "output_text") {
    if (!text.empty()) text += '\n';
    text += fields.string("text").value_or("");
  } else {
    throw Error(ErrorCode::invalid_argument,
                where + ": this server reads texts and images, not " + describe(part["type"]));
  }
}

}  // namespace

OpenaiPrompt openai_prompt(const nlohmann::json* messages, const std::string& field) {
  OpenaiPrompt prompt;
  if (messages == nullptr) {
    throw Error(ErrorCode::invalid_argument, "request: " + field + " is missing");
  }
  if (messages->is_string()) {
    prompt.prompt = messages->get<std::string>();
    prompt.instructions = prompt.prompt;
    return prompt;
  }
  if (!messages->is_array()) {
    throw Error(ErrorCode::malformed,
                "request: " + field + " must be a list, not " + describe(*messages));
  }
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < messages->size(); ++i) {
    const auto& message = (*messages)[i];
    const std::string where = field + '[' + std::to_string(i) + ']';
    if (!message.is_object()) {
      throw Error(ErrorCode::malformed, where + ": must be an object, not " + describe(message));
    }
    const JsonFields fields(message, where);
    const bool is_of_user = fields.string("role").value_or("user") == "user";
    const nlohmann::json* content = fields.find("content");
    if (content == nullptr) continue;
    OpenaiPrompt others;  // pictures that a model or a tool made are not described
    std::string text;
    if (content->is_array()) {
      for (std::size_t k = 0; k < content->size(); ++k) {
        add_part(is_of_user ? prompt : others, text, (*content)[k],
                 where + ".content[" + std::to_string(k) + ']');
      }
    } else if (content->is_string()) {
      text = content->get<std::string>();
    } else {
      fields.fail("content", "must be text or a list of parts, not " + describe(*content));
    }
    prompt.instructions += text + '\n';
    if (is_of_user) texts.push_back(std::move(text));
  }
  prompt.prompt = prompt_of_texts(texts);
  return prompt;
}

AnswerShape openai_shape(const nlohmann::json* format, const OpenaiPrompt& prompt) {
  if (format == nullptr) return {};
  const JsonFields fields(*format, "response format");
  if (!format->is_object()) {
    throw Error(ErrorCode::malformed, "request: the response format must be an object");
  }
  const std::string type = fields.string("type").value_or("text");
  if (type == "text") return {};
  if (type == "json_object") return shape_of_instructions(prompt.instructions);
  if (type == "json_schema") {
    // In chat below "json_schema", in responses here.
    const auto wrapped = fields.object("json_schema");
    const nlohmann::json* schema = wrapped ? wrapped->find("schema") : fields.find("schema");
    return schema == nullptr ? shape_of_instructions(prompt.instructions)
                             : shape_of_schema(*schema);
  }
  throw Refusal(FailureKind::bad_request,
                "the response format must be text, json_object or json_schema");
}

nlohmann::ordered_json openai_usage(std::size_t input, std::size_t output, bool of_responses) {
  if (of_responses) {
    return {{"input_tokens", input},
            {"input_tokens_details", {{"cached_tokens", 0}}},
            {"output_tokens", output},
            {"output_tokens_details", {{"reasoning_tokens", 0}}},
            {"total_tokens", input + output}};
  }
  return {
      {"prompt_tokens", input}, {"completion_tokens", output}, {"total_tokens", input + output}};
}

}  // namespace blip::serve
