// POST /v1/chat/completions, with and without a stream of server-sent events.
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "serve/dialects/client_sampling.hpp"
#include "serve/dialects/event_stream.hpp"
#include "serve/dialects/openai_requests.hpp"
#include "serve/dialects/prompt_policy.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/timestamps.hpp"

namespace blip::serve {
namespace {

ClientSampling chat_sampling(const JsonFields& fields) {
  constexpr JsonFields::IntRange kTokens = {0, 1'000'000'000};
  auto max_tokens = whole_number(fields, "max_completion_tokens", kTokens);
  if (!max_tokens) max_tokens = whole_number(fields, "max_tokens", kTokens);
  return {.temperature = fields.number("temperature", {0, 2}),
          .top_p = fields.number("top_p", {0, 1}),
          .top_k = whole_number(fields, "top_k", {-1, 1'000'000'000}),  // vLLM's, llama-server's
          .repetition_penalty = fields.number("repetition_penalty", {0, 100}),
          .max_tokens = max_tokens,
          .seed = seed_of(fields, "seed"),
          .choices = whole_number(fields, "n", {1, kMaxChoices})};
}

/// What every object of an answer begins with.
struct ChatObjects {
  std::string id;
  std::int64_t created;
  std::string model;
  bool with_usage;

  [[nodiscard]] nlohmann::ordered_json head(const char* object) const {
    return {{"id", id}, {"object", object}, {"created", created}, {"model", model}};
  }
  [[nodiscard]] std::string chunk(nlohmann::ordered_json delta, std::size_t index,
                                  const nlohmann::ordered_json& finish_reason) const {
    auto object = head("chat.completion.chunk");
    object["choices"] = nlohmann::ordered_json::array();
    object["choices"].push_back({{"index", index},
                                 {"delta", std::move(delta)},
                                 {"logprobs", nullptr},
                                 {"finish_reason", finish_reason}});
    if (with_usage) object["usage"] = nullptr;
    return server_sent_event("", json_text_of(object));
  }
};

nlohmann::ordered_json content_delta(const std::string& text) {
  auto delta = nlohmann::ordered_json::object();
  delta["content"] = text;
  return delta;
}

const char* finish_reason_of(const Description& description) {
  return description.stopped ? "stop" : "length";
}

HttpResponse chat_completion(const ChatObjects& objects, const StructuredAnswer& answer,
                             std::size_t num_choices, std::span<const TaskOutcome> outcomes) {
  auto body = objects.head("chat.completion");
  body["choices"] = nlohmann::ordered_json::array();
  std::size_t prompt_tokens = 0;
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < num_choices; ++i) {
    const Description description = answer.of(outcomes, i);
    prompt_tokens = description.prompt_tokens;
    tokens += description.tokens;
    body["choices"].push_back(
        {{"index", i},
         {"message", {{"role", "assistant"}, {"content", description.text}, {"refusal", nullptr}}},
         {"logprobs", nullptr},
         {"finish_reason", finish_reason_of(description)}});
  }
  body["usage"] = openai_usage(prompt_tokens, tokens, false);
  return HttpResponse::json(200, json_text_of(body));
}

std::string end_of_chat(const ChatObjects& objects, const StructuredAnswer& answer,
                        const FilteredText& text, std::size_t num_choices,
                        std::span<const TaskOutcome> outcomes) {
  if (const auto* failure = first_failure(outcomes)) {
    return server_sent_event("", openai_failure(*failure).body);
  }
  std::string end;
  std::size_t prompt_tokens = 0;
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < num_choices; ++i) {
    const Description description = answer.of(outcomes, i);
    prompt_tokens = description.prompt_tokens;
    tokens += description.tokens;
    const std::string rest = i == 0 ? text.rest_of(description.text) : description.text;
    if (!rest.empty()) end += objects.chunk(content_delta(rest), i, nullptr);
    end += objects.chunk(nlohmann::ordered_json::object(), i, finish_reason_of(description));
  }
  if (objects.with_usage) {
    auto usage = objects.head("chat.completion.chunk");
    usage["choices"] = nlohmann::ordered_json::array();
    usage["usage"] = openai_usage(prompt_tokens, tokens, false);
    end += server_sent_event("", json_text_of(usage));
  }
  return end + server_sent_event("", "[DONE]");
}

}  // namespace

Plan openai_chat(const HttpRequest& http, const ServerView& server) {
  const nlohmann::json body = request_object(http);
  const JsonFields fields(body, kRequestName);
  const std::string model = fields.string("model").value_or("");
  OpenaiPrompt prompt = openai_prompt(fields.find("messages"), "messages");
  const AnswerShape shape = openai_shape(fields.find("response_format"), prompt);
  const ClientSampling sampling = chat_sampling(fields);
  DescriptionRequest request{.model = model,
                             .pictures = std::move(prompt.pictures),
                             .prompt = std::move(prompt.prompt),
                             .generation = generation_of(sampling)};
  if (const auto task = fields.string("task")) request.mode = prompt_mode_of(*task);
  TextFilter filter{.strip_opening = server.strip_openings};
  if (const auto stops = text_list(fields, "stop")) filter.stops = *stops;
  auto answer = std::make_shared<StructuredAnswer>(
      structured_answer(shape, std::move(request), std::move(filter), http, server));

  const auto stream_options = fields.object("stream_options");
  const ChatObjects objects{
      .id = "chatcmpl-" + http.request_id,
      .created = unix_seconds(server.now),
      .model = model.empty() ? answer->tasks.front().model : model,
      .with_usage = stream_options && stream_options->boolean("include_usage").value_or(false)};
  const auto num_choices = static_cast<std::size_t>(sampling.choices.value_or(1));
  Work work{.tasks = std::move(answer->tasks),
            .respond = [objects, answer, num_choices](std::span<const TaskOutcome> outcomes) {
              if (const auto* failure = first_failure(outcomes)) return openai_failure(*failure);
              return chat_completion(objects, *answer, num_choices, outcomes);
            }};
  if (!fields.boolean("stream").value_or(false)) return work;

  const auto text = std::make_shared<FilteredText>(answer->filter);
  work.stream = Stream{
      .headers = event_stream_headers(),
      .begin =
          [objects] {
            return objects.chunk({{"role", "assistant"}, {"content", ""}}, 0, nullptr);
          },
      .piece =
          [objects, text, streams = answer->streams](std::string_view piece) {
            const std::string news = streams ? text->add(piece) : std::string();
            return news.empty() ? std::string() : objects.chunk(content_delta(news), 0, nullptr);
          },
      .end =
          [objects, answer, text, num_choices](std::span<const TaskOutcome> outcomes) {
            return end_of_chat(objects, *answer, *text, num_choices, outcomes);
          },
      .keep_alive = std::string(kEventPing)};
  return work;
}

}  // namespace blip::serve
