// OpenAI's API in its parts: openai_dialect.cpp has the routes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json_fields.hpp"
#include "serve/dialects/dialect.hpp"
#include "serve/dialects/structured_answer.hpp"

namespace blip::serve {

Plan openai_chat(const HttpRequest& http, const ServerView& server);
Plan openai_responses(const HttpRequest& http, const ServerView& server);
/// Also for llama-server's /embeddings, if its body is one of OpenAI's.
Plan openai_embeddings(const HttpRequest& http, const ServerView& server);

/// `code`: null if empty.
HttpResponse openai_error_of(int status, std::string_view message, std::string_view code);
HttpResponse openai_failure(const TaskFailure& failure);

/// What the messages of chat and of responses come down to.
struct OpenaiPrompt {
  std::vector<Picture> pictures = {};
  std::string prompt = {};
  std::string instructions = {};  ///< all texts, for the shape of the answer
};

/// messages: [{"role", "content"}], the content a text or a list of parts. `field` names it in
/// messages. Throws blip::Error for what is neither text nor picture.
OpenaiPrompt openai_prompt(const nlohmann::json* messages, const std::string& field);

/// Of {"type": "text" | "json_object" | "json_schema", …}; `schema`: where the schema is.
AnswerShape openai_shape(const nlohmann::json* format, const OpenaiPrompt& prompt);

/// {"prompt_tokens": …} by the names of either API.
nlohmann::ordered_json openai_usage(std::size_t input, std::size_t output, bool of_responses);

}  // namespace blip::serve
