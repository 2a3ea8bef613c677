// LibrePhotos' sidecars: captions, CLIP's embeddings and tags of files that both can read.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "serve/dialects/description.hpp"
#include "serve/dialects/dialect.hpp"
#include "serve/dialects/embedding_inputs.hpp"
#include "serve/dialects/json_numbers.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/photo_labels.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/routes.hpp"
#include "serve/dialects/timestamps.hpp"

namespace blip::serve {
namespace {

/// LibrePhotos sends its photos in lists of 64.
constexpr std::size_t kMaxPaths = 256;
constexpr std::size_t kMaxTags = 10;
/// Its own default; 0.4 is what it sends.
constexpr double kTagConfidence = 0.4;

HttpResponse librephotos_error(int status, std::string_view message) {
  // A bad request has an empty answer.
  if (status == 400) return {.status = 400, .headers = {}, .body = {}};
  return HttpResponse::json(status, json_text_of({{"error", std::string(message)}}));
}

// It tries again if the server is full, and shows all else in its log.
HttpResponse librephotos_failure(const TaskFailure& failure) {
  const int status = status_of(failure.kind, 503);
  const bool again = status == 503;
  const bool malformed = failure.kind == FailureKind::bad_request;
  return with_retry_after(librephotos_error(again || malformed ? status : 500, failure.message),
                          failure.kind);
}

// A file that is not there fails while the picture is read, not here.
HttpResponse librephotos_task_failure(const TaskFailure& failure) {
  if (status_of(failure.kind, 503) == 503) return librephotos_failure(failure);
  return librephotos_error(500, failure.message);
}

Picture needed_path(const JsonFields& fields, const char* key) {
  const auto path = fields.string(key);
  if (!path || path->empty()) fields.fail(key, "is needed");
  return PicturePath{*path};
}

Plan plan_librephotos_caption(const HttpRequest& request, const ServerView& server) {
  const auto body = request_object(request);
  const JsonFields fields(body, kRequestName);
  // `onnx` and `blip` of older versions choose between networks of theirs.
  auto tasks = description_tasks({.pictures = {needed_path(fields, "image_path")},
                                  .prompt = fields.string("prompt").value_or("")},
                                 request, server);
  return Work{.tasks = std::move(tasks),
              .respond = [strip = server.strip_openings](std::span<const TaskOutcome> outcomes) {
                if (const auto* failure = first_failure(outcomes)) {
                  return librephotos_task_failure(*failure);
                }
                const auto description = description_of(outcomes, {.strip_opening = strip});
                // Older versions take nothing but 201.
                return HttpResponse::json(201, json_text_of({{"caption", description.text}}));
              }};
}

// The server unloads models by itself (its idle time).
Plan plan_librephotos_unload(const HttpRequest& /*request*/, const ServerView& server) {
  if (server.engine.in_flight + server.engine.queued > 0) {
    return HttpResponse::json(409, R"({"status":"busy"})");
  }
  return HttpResponse::json(200, R"({"status":"OK"})");
}

bool is_unreadable(FailureKind kind) {
  return kind == FailureKind::bad_image || kind == FailureKind::too_large ||
         kind == FailureKind::bad_request;
}

Plan plan_clip_embeddings(const HttpRequest& request, const ServerView& server) {
  const auto body = request_object(request);
  const JsonFields fields(body, kRequestName);
  const auto* paths = fields.find("imgs");
  if (paths == nullptr || !paths->is_array()) fields.fail("imgs", "must be a list");
  if (paths->size() > kMaxPaths) {
    fields.fail("imgs", "has more than 256 paths", ErrorCode::limit_exceeded);
  }
  if (paths->empty()) return HttpResponse::json(200, R"({"imgs_emb":[],"magnitudes":[]})");
  // `model` is a path of its own disk.
  const std::string model = embedding_model(server, "", true);
  std::vector<Task> tasks;
  for (const auto& path : *paths) {
    if (!path.is_string()) fields.fail("imgs", "must be a list of paths");
    tasks.push_back({.model = model,
                     .input = EmbedImageTask{PicturePath{path.get<std::string>()}},
                     .client = request.client});
  }
  return Work{.tasks = std::move(tasks), .respond = [](std::span<const TaskOutcome> outcomes) {
                auto rows = nlohmann::ordered_json::array();
                auto magnitudes = nlohmann::ordered_json::array();
                for (const auto& outcome : outcomes) {
                  if (const auto* failure = std::get_if<TaskFailure>(&outcome)) {
                    if (!is_unreadable(failure->kind)) return librephotos_task_failure(*failure);
                    rows.push_back(nullptr);
                    magnitudes.push_back(nullptr);
                    continue;
                  }
                  const auto row = row_of(result_of<EmbeddingResult>(outcome).embeddings, 0);
                  rows.push_back(json_numbers(row));
                  magnitudes.push_back(json_number(std::sqrt(cosine(row, row))));
                }
                return HttpResponse::json(
                    200, json_text_of({{"imgs_emb", rows}, {"magnitudes", magnitudes}}));
              }};
}

Plan plan_query_embeddings(const HttpRequest& request, const ServerView& server) {
  const auto body = request_object(request);
  const JsonFields fields(body, kRequestName);
  const auto query = fields.string("query");
  if (!query) fields.fail("query", "is needed");
  std::vector<Task> tasks{{.model = embedding_model(server, "", true),
                           .input = EmbedTextsTask{{*query}},
                           .client = request.client}};
  return Work{.tasks = std::move(tasks), .respond = [](std::span<const TaskOutcome> outcomes) {
                if (const auto* failure = first_failure(outcomes)) {
                  return librephotos_task_failure(*failure);
                }
                const auto row = row_of(result_of<EmbeddingResult>(outcomes.front()).embeddings, 0);
                return HttpResponse::json(
                    200, json_text_of({{"emb", json_numbers(row)},
                                       {"magnitude", json_number(std::sqrt(cosine(row, row)))}}));
              }};
}

Plan plan_generate_tags(const HttpRequest& request, const ServerView& server) {
  const auto body = request_object(request);
  const JsonFields fields(body, kRequestName);
  const double confidence = fields.number("confidence", {0, 1}).value_or(kTagConfidence);
  // The model of places had a list of another shape, and came without a name.
  const std::string tagger = fields.string("tagging_model").value_or("places365");
  auto tasks = label_tasks("", {needed_path(fields, "image_path")}, request, server);
  const TaskKind kind = kind_of(tasks.front().input);
  return Work{.tasks = std::move(tasks),
              .respond = [kind, confidence, tagger](std::span<const TaskOutcome> outcomes) {
                if (const auto* failure = first_failure(outcomes)) {
                  return librephotos_task_failure(*failure);
                }
                auto tags = nlohmann::ordered_json::array();
                for (const auto& label : photo_labels(outcomes, kind)) {
                  if (label.confidence >= confidence && tags.size() < kMaxTags)
                    tags.push_back(label.name);
                }
                nlohmann::ordered_json found = {{"tags", tags}};
                if (tagger == "places365") {
                  found = {{"categories", tags},
                           {"attributes", nlohmann::ordered_json::array()},
                           {"environment", ""}};
                }
                return HttpResponse::json(200, json_text_of({{"tags", found}}));
              }};
}

// Its watchdog unloads a sidecar that was idle for long; this server looks after that itself.
Plan plan_librephotos_health(const HttpRequest& /*request*/, const ServerView& server) {
  const auto& models = server.engine.models;
  const bool busy = server.engine.in_flight + server.engine.queued > 0;
  return HttpResponse::json(
      200,
      json_text_of(
          {{"status", "OK"},
           {"service", "blip.cpp"},
           {"last_request_time", busy ? nlohmann::ordered_json(unix_seconds(server.now)) : nullptr},
           {"model_loaded", std::any_of(models.begin(), models.end(),
                                        [](const ModelStatus& model) { return model.loaded; })},
           {"busy", busy}}));
}

constexpr std::array kLibrephotosRoutes = {
    Route{"POST", "/generate-caption", plan_librephotos_caption},
    Route{"GET", "/unload-model", plan_librephotos_unload},
    Route{"POST", "/unload-model", plan_librephotos_unload},
    Route{"POST", "/clip-embeddings", plan_clip_embeddings},
    Route{"POST", "/query-embeddings", plan_query_embeddings},
    Route{"POST", "/generate-tags", plan_generate_tags},
    Route{"GET", "/health", plan_librephotos_health}};

}  // namespace

Dialect librephotos_dialect() {
  return {.name = "librephotos",
          .plan =
              [](const HttpRequest& request, const ServerView& server) {
                return plan_by_routes(kLibrephotosRoutes, request, server, librephotos_failure);
              },
          .error = librephotos_error,
          .prefixes = {"/generate-caption", "/unload-model", "/clip-embeddings",
                       "/query-embeddings", "/generate-tags"},
          .methods = [](std::string_view path) { return methods_of(kLibrephotosRoutes, path); }};
}

}  // namespace blip::serve
