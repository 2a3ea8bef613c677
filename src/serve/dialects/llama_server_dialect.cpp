// llama-server's own paths: /props, /slots, /embeddings, /v1/rerank. What it shares with OpenAI is
// in openai_dialect.cpp; /health is the server's.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "serve/dialects/base64.hpp"
#include "serve/dialects/dialect.hpp"
#include "serve/dialects/embedding_answer.hpp"
#include "serve/dialects/json_numbers.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/openai_requests.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/request_pictures.hpp"
#include "serve/dialects/routes.hpp"

namespace blip::serve {
namespace {

using LlamaJson = nlohmann::ordered_json;

/// Stands in a prompt for a picture; prompts are not read beyond that.
constexpr std::string_view kMediaMarker = "<__media__>";

HttpResponse llama_error_of(int status, std::string_view message, std::string_view type) {
  return HttpResponse::json(
      status,
      json_text_of(
          {{"error",
            {{"code", status}, {"message", std::string(message)}, {"type", std::string(type)}}}}));
}

HttpResponse llama_error(int status, std::string_view message) {
  std::string_view type = status >= 500 ? "server_error" : "invalid_request_error";
  if (status == 401) type = "authentication_error";
  if (status == 404) type = "not_found_error";
  if (status == 429 || status == 503) type = "unavailable_error";
  return llama_error_of(status, message, type);
}

HttpResponse llama_failure(const TaskFailure& failure) {
  const int status = status_of(failure.kind, 503);
  // Its clients look for these words while a model is loaded.
  const std::string message =
      failure.kind == FailureKind::loading ? "Loading model" : failure.message;
  return with_retry_after(failure.kind == FailureKind::not_supported
                              ? llama_error_of(501, message, "not_supported_error")
                              : llama_error(status, message),
                          failure.kind);
}

/// ?model=NAME, or the first one.
const ModelStatus& llama_model(const HttpRequest& http, const ServerView& server) {
  const ModelStatus* model = named_model(server, http.query_value("model").value_or(""));
  if (model == nullptr && !server.engine.models.empty()) model = &server.engine.models.front();
  if (model == nullptr) throw Refusal(FailureKind::model_not_found, "no model is being served");
  return *model;
}

/// What waits or is worked on takes a slot.
std::size_t num_slots(const ServerView& server) {
  constexpr std::size_t kMostSlots = 64;  // that are listed
  return std::clamp<std::size_t>(server.engine.queue_limit, 1, kMostSlots);
}

std::size_t num_busy_slots(const ServerView& server) {
  return std::min(num_slots(server), server.engine.queued + server.engine.in_flight);
}

Plan llama_props(const HttpRequest& http, const ServerView& server) {
  const ModelStatus& model = llama_model(http, server);
  LlamaJson body;
  body["default_generation_settings"] = {{"id", 0},
                                         {"n_ctx", model.max_tokens},
                                         {"is_processing", num_busy_slots(server) > 0},
                                         {"params", LlamaJson::object()}};
  body["total_slots"] = num_slots(server);
  body["model_alias"] = model.name;
  body["model_path"] = model.name;
  body["modalities"] = {{"vision", true}, {"audio", false}};
  body["media_marker"] = std::string(kMediaMarker);
  body["chat_template"] = "";
  body["build_info"] = "blip.cpp-" + server.version;
  body["is_sleeping"] = !model.loaded;
  return HttpResponse::json(200, json_text_of(body));
}

Plan llama_slots(const HttpRequest& http, const ServerView& server) {
  const std::size_t busy = num_busy_slots(server);
  if (http.query_value("fail_on_no_slot") && busy == num_slots(server)) {
    return llama_error_of(503, "no slot available", "unavailable_error");
  }
  const ModelStatus& model = llama_model(http, server);
  auto slots = LlamaJson::array();
  for (std::size_t i = 0; i < num_slots(server); ++i) {
    slots.push_back({{"id", i}, {"n_ctx", model.max_tokens}, {"is_processing", i < busy}});
  }
  return HttpResponse::json(200, json_text_of(slots));
}

/// A text; {"prompt_string"} with "multimodal_data", which has the picture that the marker stands
/// for.
EmbeddingInput llama_content(const nlohmann::json& item, const std::string& where) {
  if (item.is_string()) return item.get<std::string>();
  if (!item.is_object()) {
    throw Error(ErrorCode::invalid_argument,
                where + ": must be a text or an object, not " + describe(item));
  }
  const JsonFields fields(item, where);
  auto pictures = pictures_of_json(fields.find("multimodal_data"), where + ".multimodal_data");
  if (pictures.size() > 1) {
    throw Error(ErrorCode::invalid_argument, where + ": more than one image");
  }
  if (!pictures.empty()) return std::move(pictures.front());
  const auto text = fields.string("prompt_string");
  if (!text) {
    throw Error(ErrorCode::invalid_argument,
                where + ": prompt_string or multimodal_data is needed");
  }
  return *text;
}

Plan llama_embeddings(const HttpRequest& http, const ServerView& server) {
  const nlohmann::json body = request_object(http);
  const JsonFields fields(body, kRequestName);
  if (fields.find("input") != nullptr) return openai_embeddings(http, server);
  const nlohmann::json* content = fields.find("content");
  if (content == nullptr) {
    throw Error(ErrorCode::invalid_argument, "request: content or input is missing");
  }
  std::vector<EmbeddingInput> inputs;
  if (content->is_array()) {
    for (std::size_t i = 0; i < content->size(); ++i) {
      inputs.push_back(llama_content((*content)[i], "content[" + std::to_string(i) + ']'));
    }
  } else {
    inputs.push_back(llama_content(*content, "content"));
  }
  auto tasks = embedding_tasks(fields.string("model").value_or(""), inputs, http, server);
  return Work{
      .tasks = std::move(tasks),
      .respond = [is_picture = pictures_among(inputs)](std::span<const TaskOutcome> outcomes) {
        if (const auto* failure = first_failure(outcomes)) return llama_failure(*failure);
        auto rows = LlamaJson::array();
        for (const auto& vector : embeddings_of(outcomes, is_picture)) {
          LlamaJson row = {{"index", rows.size()}};
          row["embedding"] = json_numbers(vector);
          rows.push_back(std::move(row));
        }
        return HttpResponse::json(200, json_text_of(rows));
      }};
}

/// relevance[i] is that of document i; the best `top` first.
HttpResponse rerank_response(const std::string& model, const std::vector<float>& relevance,
                             std::size_t top, std::size_t tokens) {
  std::vector<std::size_t> order(relevance.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return relevance[a] > relevance[b]; });
  order.resize(std::min(order.size(), top));
  auto results = LlamaJson::array();
  for (const std::size_t i : order) {
    results.push_back({{"index", i}, {"relevance_score", json_number(relevance[i])}});
  }
  return HttpResponse::json(
      200, json_text_of({{"model", model},
                         {"object", "list"},
                         {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}},
                         {"results", std::move(results)}}));
}

float dot_product(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}

/// A text among texts is ranked by their embeddings' cosine; a picture, {"image": …}, by the
/// matching head where there is one.
Plan llama_rerank(const HttpRequest& http, const ServerView& server) {
  const nlohmann::json body = request_object(http);
  const JsonFields fields(body, kRequestName);
  const std::string model = fields.string("model").value_or("");
  const auto documents =
      text_list(fields, fields.find("documents") != nullptr ? "documents" : "texts");
  const nlohmann::json* query = fields.find("query");
  if (query == nullptr || !documents || documents->empty()) {
    throw Error(ErrorCode::invalid_argument, "request: query and documents are needed");
  }
  const auto top_n = whole_number(fields, "top_n", {1, 1'000'000'000});
  const auto top = static_cast<std::size_t>(top_n.value_or(1'000'000'000));
  if (query->is_object()) {
    const nlohmann::json* image = JsonFields(*query, "query").find("image");
    if (image == nullptr) fields.fail("query", "must be a text or {\"image\": …}");
    Task task{
        .model = model_for(server, model, TaskKind::match),
        .input = MatchTask{.picture = picture_of_json(*image, "query.image"), .texts = *documents},
        .client = http.client};
    return Work{.tasks = {std::move(task)},
                .respond = [model, top](std::span<const TaskOutcome> outcomes) {
                  if (const auto* failure = first_failure(outcomes)) return llama_failure(*failure);
                  std::vector<float> relevance;
                  for (const auto& match : result_of<MatchResult>(outcomes.front()).matches) {
                    relevance.push_back(match.itm.value_or(match.itc));
                  }
                  const auto& first = std::get<TaskResult>(outcomes.front());
                  return rerank_response(model.empty() ? first.model : model, relevance, top, 0);
                }};
  }
  if (!query->is_string()) fields.fail("query", "must be a text or {\"image\": …}");
  std::vector<EmbeddingInput> inputs = {query->get<std::string>()};
  inputs.insert(inputs.end(), documents->begin(), documents->end());
  return Work{.tasks = embedding_tasks(model, inputs, http, server),
              .respond = [model, top](std::span<const TaskOutcome> outcomes) {
                if (const auto* failure = first_failure(outcomes)) return llama_failure(*failure);
                const auto& result = result_of<EmbeddingResult>(outcomes.front());
                const auto rows = static_cast<std::size_t>(result.embeddings.shape.front());
                std::vector<float> relevance;
                for (std::size_t i = 1; i < rows; ++i) {
                  relevance.push_back(
                      dot_product(row_of(result.embeddings, 0), row_of(result.embeddings, i)));
                }
                const auto& first = std::get<TaskResult>(outcomes.front());
                return rerank_response(model.empty() ? first.model : model, relevance, top,
                                       result.tokens);
              }};
}

constexpr std::array kLlamaRoutes = {
    Route{"GET", "/props", llama_props},
    Route{"GET", "/slots", llama_slots},
    Route{"POST", "/embeddings", llama_embeddings},
    Route{"POST", "/embedding", llama_embeddings},
    Route{"POST", "/v1/rerank", llama_rerank},
    Route{"POST", "/v1/reranking", llama_rerank},
    Route{"POST", "/reranking", llama_rerank},
};

}  // namespace

Dialect llama_server_dialect() {
  return {.name = "llama-server",
          .plan =
              [](const HttpRequest& request, const ServerView& server) {
                return plan_by_routes(kLlamaRoutes, request, server, llama_failure);
              },
          .error = llama_error,
          .prefixes = {"/props", "/slots", "/embedding", "/v1/rerank", "/reranking"},
          .methods = [](std::string_view path) { return methods_of(kLlamaRoutes, path); }};
}

}  // namespace blip::serve
