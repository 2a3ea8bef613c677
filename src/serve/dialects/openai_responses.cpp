// POST /v1/responses, with and without a stream of its events.
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

using ResponseJson = nlohmann::ordered_json;

ClientSampling responses_sampling(const JsonFields& fields) {
  return {.temperature = fields.number("temperature", {0, 2}),
          .top_p = fields.number("top_p", {0, 1}),
          .max_tokens = whole_number(fields, "max_output_tokens", {0, 1'000'000'000})};
}

ResponseJson text_part(const std::string& text) {
  return {{"type", "output_text"},
          {"text", text},
          {"annotations", ResponseJson::array()},
          {"logprobs", ResponseJson::array()}};
}

/// The objects of one response.
struct ResponseObjects {
  std::string id;
  std::int64_t created;
  std::string model;

  [[nodiscard]] std::string item_id() const { return "msg_" + id; }
  [[nodiscard]] ResponseJson message(const char* status, ResponseJson content) const {
    return {{"type", "message"},
            {"id", item_id()},
            {"status", status},
            {"role", "assistant"},
            {"content", std::move(content)}};
  }
  [[nodiscard]] ResponseJson response(const char* status) const {
    return {{"id", "resp_" + id},
            {"object", "response"},
            {"created_at", created},
            {"status", status},
            {"error", nullptr},
            {"incomplete_details", nullptr},
            {"instructions", nullptr},
            {"metadata", ResponseJson::object()},
            {"model", model},
            {"output", ResponseJson::array()},
            {"parallel_tool_calls", false},
            {"tool_choice", "none"},
            {"tools", ResponseJson::array()},
            {"usage", nullptr}};
  }
  /// One that was cut off at its longest length counts as complete, too: a short caption is what
  /// was asked for.
  [[nodiscard]] ResponseJson completed(const Description& description) const {
    ResponseJson body = response("completed");
    body["output"].push_back(
        message("completed", ResponseJson::array({text_part(description.text)})));
    body["usage"] = openai_usage(description.prompt_tokens, description.tokens, true);
    return body;
  }
};

/// Events, numbered.
class ResponseEvents {
 public:
  explicit ResponseEvents(ResponseObjects objects) : objects_(std::move(objects)) {}

  // The events of one text are appended one by one: they are numbered in that order.
  std::string begin() {
    std::string text = event("response.created", {{"response", objects_.response("in_progress")}});
    text += event("response.in_progress", {{"response", objects_.response("in_progress")}});
    text += event(
        "response.output_item.added",
        {{"output_index", 0}, {"item", objects_.message("in_progress", ResponseJson::array())}});
    text += event("response.content_part.added", in_text({{"part", text_part("")}}));
    return text;
  }
  std::string delta(const std::string& text) {
    return event("response.output_text.delta",
                 in_text({{"delta", text}, {"logprobs", ResponseJson::array()}}));
  }
  std::string end(const std::string& rest, const Description& description) {
    const ResponseJson part = text_part(description.text);
    std::string text = rest.empty() ? std::string() : delta(rest);
    text += event("response.output_text.done",
                  in_text({{"text", description.text}, {"logprobs", ResponseJson::array()}}));
    text += event("response.content_part.done", in_text({{"part", part}}));
    text += event("response.output_item.done",
                  {{"output_index", 0},
                   {"item", objects_.message("completed", ResponseJson::array({part}))}});
    text += event("response.completed", {{"response", objects_.completed(description)}});
    return text;
  }
  std::string error(const TaskFailure& failure) {
    return event("error", {{"code", std::string(name_of(failure.kind))},
                           {"message", failure.message},
                           {"param", nullptr}});
  }

 private:
  [[nodiscard]] ResponseJson in_text(ResponseJson fields) const {
    ResponseJson all = {{"item_id", objects_.item_id()}, {"output_index", 0}, {"content_index", 0}};
    all.update(fields);
    return all;
  }
  std::string event(const char* type, const ResponseJson& fields) {
    ResponseJson object = {{"type", type}, {"sequence_number", next_number_++}};
    object.update(fields);
    return server_sent_event(type, json_text_of(object));
  }

  ResponseObjects objects_;
  int next_number_ = 0;
};

}  // namespace

Plan openai_responses(const HttpRequest& http, const ServerView& server) {
  const nlohmann::json body = request_object(http);
  const JsonFields fields(body, kRequestName);
  const std::string model = fields.string("model").value_or("");
  OpenaiPrompt prompt = openai_prompt(fields.find("input"), "input");
  prompt.instructions += fields.string("instructions").value_or("");
  const auto text_options = fields.object("text");
  const AnswerShape shape =
      openai_shape(text_options ? text_options->find("format") : nullptr, prompt);
  DescriptionRequest request{.model = model,
                             .pictures = std::move(prompt.pictures),
                             .prompt = std::move(prompt.prompt),
                             .generation = generation_of(responses_sampling(fields))};
  if (const auto task = fields.string("task")) request.mode = prompt_mode_of(*task);
  StructuredAnswer answer = structured_answer(
      shape, std::move(request), {.strip_opening = server.strip_openings}, http, server);
  const ResponseObjects objects{.id = http.request_id,
                                .created = unix_seconds(server.now),
                                .model = model.empty() ? answer.tasks.front().model : model};
  Work work{.tasks = std::move(answer.tasks),
            .respond = [objects, of = answer.of](std::span<const TaskOutcome> outcomes) {
              if (const auto* failure = first_failure(outcomes)) return openai_failure(*failure);
              return HttpResponse::json(200, json_text_of(objects.completed(of(outcomes, 0))));
            }};
  if (!fields.boolean("stream").value_or(false)) return work;

  const auto text = std::make_shared<FilteredText>(answer.filter);
  const auto events = std::make_shared<ResponseEvents>(objects);
  work.stream = Stream{.headers = event_stream_headers(),
                       .begin = [events] { return events->begin(); },
                       .piece =
                           [events, text, streams = answer.streams](std::string_view piece) {
                             const std::string news = streams ? text->add(piece) : std::string();
                             return news.empty() ? std::string() : events->delta(news);
                           },
                       .end =
                           [events, text, of = answer.of](std::span<const TaskOutcome> outcomes) {
                             if (const auto* failure = first_failure(outcomes))
                               return events->error(*failure);
                             const Description description = of(outcomes, 0);
                             return events->end(text->rest_of(description.text), description);
                           },
                       .keep_alive = std::string(kEventPing)};
  return work;
}

}  // namespace blip::serve
