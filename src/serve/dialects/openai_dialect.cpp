// OpenAI's API: chat/completions, responses, embeddings, models.
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "serve/dialects/dialect.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/openai_requests.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/routes.hpp"
#include "serve/dialects/timestamps.hpp"

namespace blip::serve {
namespace {

HttpResponse openai_error(int status, std::string_view message) {
  std::string_view code;
  if (status == 401) code = "invalid_api_key";
  if (status == 404) code = "not_found";
  if (status == 405) code = "method_not_allowed";
  if (status == 413) code = "payload_too_large";
  if (status == 429) code = "rate_limit_exceeded";
  return openai_error_of(status, message, code);
}

/// With what llama-server and vLLM add, which Frigate reads.
nlohmann::ordered_json openai_model(const ModelStatus& model) {
  auto modalities = nlohmann::ordered_json::array({"image"});
  if (model.max_tokens > 0) modalities.insert(modalities.begin(), "text");
  const bool writes = can(model, TaskKind::caption) || can(model, TaskKind::answer);
  auto outputs = nlohmann::ordered_json::array();
  if (writes) outputs.push_back("text");
  if (can(model, TaskKind::embed)) outputs.push_back("embeddings");
  return {
      {"id", model.name},
      {"object", "model"},
      {"created", unix_seconds(model.modified)},
      {"owned_by", "blip.cpp"},
      {"aliases", model.aliases},
      {"architecture",
       {{"input_modalities", std::move(modalities)}, {"output_modalities", std::move(outputs)}}},
      {"max_model_len", model.max_tokens}};
}

Plan openai_models(const HttpRequest&, const ServerView& server) {
  auto data = nlohmann::ordered_json::array();
  for (const auto& model : server.engine.models) data.push_back(openai_model(model));
  return HttpResponse::json(200, json_text_of({{"object", "list"}, {"data", std::move(data)}}));
}

Plan openai_one_model(const HttpRequest& http, const ServerView& server) {
  const std::string_view name = below("/v1/models/*", http.path);
  const ModelStatus* model = named_model(server, name);
  if (model == nullptr && !server.engine.models.empty()) model = &server.engine.models.front();
  if (model == nullptr) throw Refusal(FailureKind::model_not_found, "no model is being served");
  return HttpResponse::json(200, json_text_of(openai_model(*model)));
}

constexpr std::array kOpenaiRoutes = {
    Route{"POST", "/v1/chat/completions", openai_chat},
    Route{"POST", "/v1/responses", openai_responses},
    Route{"POST", "/v1/embeddings", openai_embeddings},
    Route{"GET", "/v1/models", openai_models},
    Route{"GET", "/v1/models/*", openai_one_model},
    // Without /v1, as llama-server has them.
    Route{"POST", "/chat/completions", openai_chat},
    Route{"POST", "/responses", openai_responses},
    Route{"GET", "/models", openai_models},
};

}  // namespace

HttpResponse openai_error_of(int status, std::string_view message, std::string_view code) {
  std::string type = status >= 500 ? "server_error" : "invalid_request_error";
  if (status == 429) type = "rate_limit_error";
  nlohmann::ordered_json error = {{"message", std::string(message)}, {"type", type}};
  error["param"] = nullptr;
  error["code"] =
      code.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(std::string(code));
  nlohmann::ordered_json body;
  body["error"] = std::move(error);
  return HttpResponse::json(status, json_text_of(body));
}

HttpResponse openai_failure(const TaskFailure& failure) {
  const std::string_view code =
      failure.kind == FailureKind::queue_full ? "rate_limit_exceeded" : name_of(failure.kind);
  return with_retry_after(openai_error_of(status_of(failure.kind), failure.message, code),
                          failure.kind);
}

Dialect openai_dialect() {
  return {.name = "openai",
          .plan =
              [](const HttpRequest& request, const ServerView& server) {
                return plan_by_routes(kOpenaiRoutes, request, server, openai_failure);
              },
          .error = openai_error,
          .prefixes = {"/v1/", "/chat/completions", "/responses", "/models"},
          .methods = [](std::string_view path) { return methods_of(kOpenaiRoutes, path); }};
}

}  // namespace blip::serve
