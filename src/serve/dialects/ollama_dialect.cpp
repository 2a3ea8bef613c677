// Ollama's API: /api/generate, chat, tags, show, ps, version, embed, embeddings, pull.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "serve/dialects/client_sampling.hpp"
#include "serve/dialects/dialect.hpp"
#include "serve/dialects/embedding_answer.hpp"
#include "serve/dialects/event_stream.hpp"
#include "serve/dialects/json_numbers.hpp"
#include "serve/dialects/message_prompt.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/ollama_models.hpp"
#include "serve/dialects/prompt_policy.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/request_pictures.hpp"
#include "serve/dialects/routes.hpp"
#include "serve/dialects/structured_answer.hpp"
#include "serve/dialects/timestamps.hpp"

namespace blip::serve {
namespace {

using OllamaJson = nlohmann::ordered_json;

HttpResponse ollama_error(int status, std::string_view message) {
  return HttpResponse::json(status, json_text_of({{"error", std::string(message)}}));
}

HttpResponse ollama_failure(const TaskFailure& failure) {
  // The very words of Ollama's server, which clients know.
  const std::string message =
      failure.kind == FailureKind::queue_full
          ? "server busy, please try again.  maximum pending requests exceeded"
          : failure.message;
  return with_retry_after(ollama_error(status_of(failure.kind, 503), message), failure.kind);
}

nlohmann::json ollama_object(const HttpRequest& request) {
  if (request.body->empty()) throw Error(ErrorCode::invalid_argument, "missing request body");
  return request_object(request);
}

ClientSampling ollama_sampling(const JsonFields& options) {
  constexpr JsonFields::IntRange kAnyInt = {-1'000'000'000, 1'000'000'000};
  return {.temperature = options.number("temperature", {0, 100}),
          .top_p = options.number("top_p", {0, 1}),
          .top_k = whole_number(options, "top_k", kAnyInt),
          .repetition_penalty = options.number("repeat_penalty", {0, 100}),
          .max_tokens = whole_number(options, "num_predict", kAnyInt),
          .seed = seed_of(options, "seed")};
}

void refuse_thinking(const JsonFields& fields, const std::string& model) {
  const nlohmann::json* think = fields.find("think");
  if (think == nullptr || *think == false) return;
  throw Refusal(FailureKind::bad_request, "\"" + model + "\" does not support thinking");
}

AnswerShape ollama_shape(const JsonFields& fields, std::string_view instructions) {
  const nlohmann::json* format = fields.find("format");
  if (format == nullptr || *format == "") return {};
  if (*format == "json") return shape_of_instructions(instructions);
  if (format->is_object()) return shape_of_schema(*format);
  fields.fail("format", "must be \"json\" or a JSON schema, not " + describe(*format));
}

/// How generate and chat differ: in what carries the text.
using TextObject = OllamaJson (*)(const std::string& text);

OllamaJson generate_text(const std::string& text) {
  return {{"response", text}};
}

OllamaJson chat_text(const std::string& text) {
  return {{"message", {{"role", "assistant"}, {"content", text}}}};
}

/// One object of an answer: a line of a stream, or all of it.
struct OllamaLines {
  std::string model;
  std::string created_at;
  TextObject text_object;

  [[nodiscard]] OllamaJson line(const std::string& text, bool done) const {
    OllamaJson object = {{"model", model}, {"created_at", created_at}};
    object.update(text_object(text));
    object["done"] = done;
    return object;
  }
  [[nodiscard]] OllamaJson last_line(const std::string& text,
                                     const Description& description) const {
    OllamaJson object = line(text, true);
    object["done_reason"] = description.stopped ? "stop" : "length";
    object["total_duration"] = description.total_time().count();
    object["load_duration"] = description.load_time.count();
    object["prompt_eval_count"] = description.prompt_tokens;
    object["prompt_eval_duration"] = description.prompt_time.count();
    object["eval_count"] = description.tokens;
    object["eval_duration"] = description.generate_time.count();
    return object;
  }
};

Stream ollama_stream(const OllamaLines& lines, const StructuredAnswer& answer) {
  const auto text = std::make_shared<FilteredText>(answer.filter);
  return {.headers = json_lines_headers(),
          .begin = [] { return std::string(); },
          .piece =
              [lines, text, streams = answer.streams](std::string_view piece) {
                const std::string news = streams ? text->add(piece) : std::string();
                return news.empty() ? std::string() : json_text_of(lines.line(news, false)) + '\n';
              },
          .end =
              [lines, text, of = answer.of](std::span<const TaskOutcome> outcomes) {
                if (const auto* failure = first_failure(outcomes)) {
                  return ollama_failure(*failure).body + '\n';
                }
                const Description description = of(outcomes, 0);
                const std::string rest = text->rest_of(description.text);
                std::string last;
                if (!rest.empty()) last = json_text_of(lines.line(rest, false)) + '\n';
                return last + json_text_of(lines.last_line("", description)) + '\n';
              }};
}

struct OllamaPrompt {
  std::vector<Picture> pictures = {};
  std::string prompt = {};
  std::string instructions = {};  ///< everything that was said, for the shape of the answer
};

Plan plan_ollama_text(const HttpRequest& http, const ServerView& server, const JsonFields& fields,
                      OllamaPrompt prompt, TextObject text_object) {
  const std::string model = fields.string("model").value_or("");
  (void)named_model(server, model);
  refuse_thinking(fields, model);
  OllamaLines lines{.model = model, .created_at = iso_time(server.now), .text_object = text_object};
  const bool streams = fields.boolean("stream").value_or(true);
  if (prompt.pictures.empty() && prompt.prompt.empty()) {  // only loads the model
    OllamaJson loaded = lines.line("", true);
    const nlohmann::json* keep_alive = fields.find("keep_alive");
    loaded["done_reason"] = keep_alive != nullptr && *keep_alive == 0 ? "unload" : "load";
    return HttpResponse::json(200, json_text_of(loaded));
  }
  const nlohmann::json no_options = nlohmann::json::object();
  const JsonFields options =
      fields.object("options").value_or(JsonFields(no_options, kRequestName));
  DescriptionRequest request{.model = model,
                             .pictures = std::move(prompt.pictures),
                             .prompt = std::move(prompt.prompt),
                             .generation = generation_of(ollama_sampling(options))};
  if (const auto task = fields.string("task")) request.mode = prompt_mode_of(*task);
  TextFilter filter{.strip_opening = server.strip_openings};
  if (const auto stops = text_list(options, "stop")) filter.stops = *stops;
  StructuredAnswer answer = structured_answer(ollama_shape(fields, prompt.instructions),
                                              std::move(request), std::move(filter), http, server);
  if (model.empty()) lines.model = answer.tasks.front().model;
  Work work{.tasks = {}, .respond = [lines, of = answer.of](std::span<const TaskOutcome> outcomes) {
              if (const auto* failure = first_failure(outcomes)) return ollama_failure(*failure);
              const Description description = of(outcomes, 0);
              return HttpResponse::json(
                  200, json_text_of(lines.last_line(description.text, description)));
            }};
  if (streams) work.stream = ollama_stream(lines, answer);
  work.tasks = std::move(answer.tasks);
  return work;
}

Plan ollama_generate(const HttpRequest& http, const ServerView& server) {
  const nlohmann::json body = ollama_object(http);
  const JsonFields fields(body, kRequestName);
  const std::string prompt = fields.string("prompt").value_or("");
  return plan_ollama_text(http, server, fields,
                          {.pictures = pictures_of_json(fields.find("images"), "images"),
                           .prompt = prompt,
                           .instructions = fields.string("system").value_or("") + '\n' + prompt},
                          generate_text);
}

Plan ollama_chat(const HttpRequest& http, const ServerView& server) {
  const nlohmann::json body = ollama_object(http);
  const JsonFields fields(body, kRequestName);
  OllamaPrompt prompt;
  std::vector<std::string> texts;
  const nlohmann::json* messages = fields.find("messages");
  if (messages != nullptr && !messages->is_array()) {
    fields.fail("messages", "must be a list, not " + describe(*messages));
  }
  for (std::size_t i = 0; messages != nullptr && i < messages->size(); ++i) {
    const std::string where = "messages[" + std::to_string(i) + ']';
    const auto& message = (*messages)[i];
    if (!message.is_object()) fields.fail("messages", "must be a list of objects");
    const JsonFields parts(message, where);
    const std::string content = parts.string("content").value_or("");
    prompt.instructions += content + '\n';
    if (parts.string("role").value_or("user") != "user") continue;
    texts.push_back(content);
    auto pictures = pictures_of_json(parts.find("images"), where + ".images");
    std::move(pictures.begin(), pictures.end(), std::back_inserter(prompt.pictures));
    check_number_of_pictures(prompt.pictures.size());
  }
  prompt.prompt = prompt_of_texts(texts);
  return plan_ollama_text(http, server, fields, std::move(prompt), chat_text);
}

/// embed and the older embeddings, which has one vector.
Plan plan_ollama_embeddings(const HttpRequest& http, const ServerView& server, bool one_vector) {
  const nlohmann::json body = ollama_object(http);
  const JsonFields fields(body, kRequestName);
  const std::string model = fields.string("model").value_or("");
  std::vector<EmbeddingInput> inputs;
  for (auto& text :
       text_list(fields, one_vector ? "prompt" : "input").value_or(std::vector<std::string>())) {
    inputs.emplace_back(std::move(text));
  }
  // Ollama itself embeds no pictures; for clients that would like to.
  for (auto& picture : pictures_of_json(fields.find("images"), "images")) {
    inputs.emplace_back(std::move(picture));
  }
  std::optional<std::size_t> dimensions;
  if (const auto value = whole_number(fields, "dimensions", {0, 1'000'000});
      value.value_or(0) > 0) {
    dimensions = static_cast<std::size_t>(*value);
  }
  auto tasks = embedding_tasks(model, inputs, http, server);
  return Work{.tasks = std::move(tasks),
              .respond = [model, one_vector, dimensions, is_picture = pictures_among(inputs)](
                             std::span<const TaskOutcome> outcomes) {
                if (const auto* failure = first_failure(outcomes)) return ollama_failure(*failure);
                const auto vectors = embeddings_of(outcomes, is_picture, dimensions);
                if (one_vector) {
                  return HttpResponse::json(
                      200, json_text_of({{"embedding", json_numbers(vectors.front())}}));
                }
                auto rows = OllamaJson::array();
                for (const auto& vector : vectors) rows.push_back(json_numbers(vector));
                Description times;
                times.add_times_of(outcomes);
                const auto& first = std::get<TaskResult>(outcomes.front());
                return HttpResponse::json(
                    200, json_text_of({{"model", model.empty() ? first.model : model},
                                       {"embeddings", std::move(rows)},
                                       {"total_duration", times.total_time().count()},
                                       {"load_duration", times.load_time.count()},
                                       {"prompt_eval_count", num_text_tokens(outcomes)}}));
              }};
}

Plan ollama_embed_list(const HttpRequest& http, const ServerView& server) {
  return plan_ollama_embeddings(http, server, false);
}

Plan ollama_embed_one(const HttpRequest& http, const ServerView& server) {
  return plan_ollama_embeddings(http, server, true);
}

/// "model", or "name" as older clients have it.
const ModelStatus& ollama_model(const nlohmann::json& body, const ServerView& server) {
  const JsonFields fields(body, kRequestName);
  const auto name = fields.string("model").value_or(fields.string("name").value_or(""));
  if (name.empty()) throw Refusal(FailureKind::bad_request, "model is required");
  const ModelStatus* model = named_model(server, name);
  if (model != nullptr) return *model;
  if (server.engine.models.empty()) {
    throw Refusal(FailureKind::model_not_found, "no model is being served");
  }
  return server.engine.models.front();  // any name will do
}

Plan ollama_show(const HttpRequest& http, const ServerView& server) {
  return HttpResponse::json(
      200, json_text_of(ollama_details(ollama_model(ollama_object(http), server))));
}

Plan ollama_pull(const HttpRequest& http, const ServerView& server) {
  const nlohmann::json body = ollama_object(http);
  // Nothing is downloaded for a client; what is served here is there.
  (void)ollama_model(body, server);
  const std::string success = json_text_of({{"status", "success"}});
  if (!JsonFields(body, kRequestName).boolean("stream").value_or(true)) {
    return HttpResponse::json(200, success);
  }
  return HttpResponse{
      .headers = json_lines_headers(),
      .body = json_text_of({{"status", "pulling manifest"}}) + '\n' + success + '\n'};
}

Plan ollama_tags(const HttpRequest&, const ServerView& server) {
  return HttpResponse::json(200, json_text_of(ollama_list(server)));
}

Plan ollama_ps(const HttpRequest&, const ServerView& server) {
  return HttpResponse::json(200, json_text_of(ollama_loaded(server)));
}

Plan ollama_version(const HttpRequest&, const ServerView&) {
  // Of the API: clients look for features by it. The suffix tells who speaks.
  return HttpResponse::json(200, R"({"version":"0.12.0-blip"})");
}

constexpr std::array kOllamaRoutes = {
    Route{"POST", "/api/generate", ollama_generate},
    Route{"POST", "/api/chat", ollama_chat},
    Route{"POST", "/api/embed", ollama_embed_list},
    Route{"POST", "/api/embeddings", ollama_embed_one},
    Route{"POST", "/api/show", ollama_show},
    Route{"POST", "/api/pull", ollama_pull},
    Route{"GET", "/api/tags", ollama_tags},
    Route{"GET", "/api/ps", ollama_ps},
    Route{"GET", "/api/version", ollama_version},
};

}  // namespace

Dialect ollama_dialect() {
  return {.name = "ollama",
          .plan =
              [](const HttpRequest& request, const ServerView& server) {
                return plan_by_routes(kOllamaRoutes, request, server, ollama_failure);
              },
          .error = ollama_error,
          .prefixes = {"/api/generate", "/api/chat", "/api/embed", "/api/show", "/api/pull",
                       "/api/tags", "/api/ps", "/api/version"},
          .methods = [](std::string_view path) { return methods_of(kOllamaRoutes, path); }};
}

}  // namespace blip::serve
