// photoprism-vision's API: /api/v1/vision/{caption,labels,nsfw,describe}[/MODEL[/VERSION]].
#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "serve/dialects/client_sampling.hpp"
#include "serve/dialects/description.hpp"
#include "serve/dialects/dialect.hpp"
#include "serve/dialects/photo_labels.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/request_pictures.hpp"
#include "serve/dialects/routes.hpp"
#include "serve/dialects/timestamps.hpp"

namespace blip::serve {
namespace {

using VisionJson = nlohmann::ordered_json;

HttpResponse photoprism_error(int status, std::string_view message) {
  return HttpResponse::json(status, json_text_of({{"error", std::string(message)}}));
}

HttpResponse photoprism_failure(const TaskFailure& failure) {
  // Its own server answers an unknown model as it does a request without an image.
  const int status =
      failure.kind == FailureKind::model_not_found ? 400 : status_of(failure.kind, 429);
  return with_retry_after(photoprism_error(status, failure.message), failure.kind);
}

struct VisionRequest {
  nlohmann::json fields = nlohmann::json::object();
  std::string id = {};
  std::string model = {};  ///< as the client named it; empty: any
  std::string version = "latest";
  std::vector<Picture> pictures = {};
};

/// The names that its own server has. Ours are told by --alias, or any name is taken.
VisionRequest read_vision_request(const HttpRequest& http, std::string_view route) {
  VisionRequest request;
  if (http.method == "POST") {
    request.fields = request_object(http);
  } else {
    for (const auto& [name, value] : http.query) {
      if (name != "options") request.fields[name] = value;
    }
  }
  const JsonFields fields(request.fields, kRequestName);
  request.id = fields.string("id").value_or("");
  if (request.id.empty()) request.id = uuid_of(http.request_id);
  request.model = fields.string("model").value_or("");
  request.version = fields.string("version").value_or("");
  // The path wins: /caption/MODEL, /caption/MODEL/VERSION.
  if (std::string_view rest = std::string_view(http.path).substr(route.size()); !rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t slash = rest.find('/');
    request.model = rest.substr(0, slash);
    if (slash != std::string_view::npos) request.version = rest.substr(slash + 1);
  }
  if (request.version.empty()) request.version = "latest";
  if (const auto url = fields.string("url"); url && !url->empty()) {
    request.pictures = pictures_of_json(fields.find("url"), "url");
  } else {
    request.pictures = pictures_of_json(fields.find("images"), "images");
  }
  if (request.pictures.empty()) {
    throw Error(ErrorCode::invalid_argument, "request: url or images is needed");
  }
  return request;
}

/// {"id", "model": {"name", "version"}, "result"}
Work vision_work(const VisionRequest& request, std::vector<Task> tasks,
                 std::function<VisionJson(std::span<const TaskOutcome> outcomes)> result) {
  return {.tasks = std::move(tasks),
          .respond = [id = request.id, name = request.model, version = request.version,
                      result = std::move(result)](std::span<const TaskOutcome> outcomes) {
            if (const auto* failure = first_failure(outcomes)) return photoprism_failure(*failure);
            const auto& first = std::get<TaskResult>(outcomes.front());
            VisionJson body = {{"id", id}};
            body["model"] = {{"name", name.empty() ? first.model : name}, {"version", version}};
            body["result"] = result(outcomes);
            return HttpResponse::json(200, json_text_of(body));
          }};
}

GenerationOptions vision_generation(const JsonFields& fields) {
  const auto options = fields.object("options");
  if (!options) return {};
  constexpr JsonFields::IntRange kAnyInt = {-1'000'000'000, 1'000'000'000};
  return generation_of({.temperature = options->number("temperature", {0, 100}),
                        .top_p = options->number("top_p", {0, 1}),
                        .top_k = whole_number(*options, "top_k", kAnyInt),
                        .repetition_penalty = options->number("repeat_penalty", {0, 100}),
                        .max_tokens = whole_number(*options, "num_predict", kAnyInt),
                        .seed = seed_of(*options, "seed")});
}

/// Of the first picture, as its own server has it. `bare`: of the legacy route, whose caption is a
/// string and no object.
Plan vision_caption(const HttpRequest& http, const ServerView& server, std::string_view route,
                    bool bare) {
  VisionRequest request = read_vision_request(http, route);
  request.pictures.resize(1);
  const JsonFields fields(request.fields, kRequestName);
  auto tasks = description_tasks({.model = request.model,
                                  .pictures = std::move(request.pictures),
                                  .prompt = fields.string("prompt").value_or(""),
                                  .generation = vision_generation(fields)},
                                 http, server);
  const TextFilter filter{.strip_opening = server.strip_openings};
  return vision_work(request, std::move(tasks),
                     [filter, bare](std::span<const TaskOutcome> outcomes) {
                       const std::string text = description_of(outcomes, filter).text;
                       VisionJson result = VisionJson::object();
                       if (bare) {
                         result["caption"] = text;
                       } else {
                         result["caption"]["text"] = text;
                       }
                       return result;
                     });
}

Plan vision_caption_object(const HttpRequest& http, const ServerView& server) {
  return vision_caption(http, server, "/api/v1/vision/caption", false);
}

Plan vision_describe(const HttpRequest& http, const ServerView& server) {
  return vision_caption(http, server, "/api/v1/vision/describe", true);
}

/// Of all pictures: they are crops of one photo.
Plan vision_labels(const HttpRequest& http, const ServerView& server) {
  VisionRequest request = read_vision_request(http, "/api/v1/vision/labels");
  auto tasks = label_tasks(request.model, std::move(request.pictures), http, server);
  const TaskKind kind = kind_of(tasks.front().input);
  return vision_work(request, std::move(tasks), [kind](std::span<const TaskOutcome> outcomes) {
    auto labels = VisionJson::array();
    for (const auto& label : photo_labels(outcomes, kind)) {
      labels.push_back({{"name", label.name},
                        {"confidence", label.confidence},
                        {"topicality", label.confidence}});
    }
    VisionJson result = VisionJson::object();
    result["labels"] = std::move(labels);
    return result;
  });
}

/// No model here was measured on such pictures, and zeros would read as "safe".
Plan vision_nsfw(const HttpRequest&, const ServerView&) {
  throw Refusal(FailureKind::not_supported, "nsfw detection is not available on this server");
}

constexpr std::array kVisionRoutes = {
    Route{"POST", "/api/v1/vision/caption", vision_caption_object},
    Route{"GET", "/api/v1/vision/caption", vision_caption_object},
    Route{"POST", "/api/v1/vision/caption/*", vision_caption_object},
    Route{"GET", "/api/v1/vision/caption/*", vision_caption_object},
    Route{"POST", "/api/v1/vision/describe", vision_describe},
    Route{"GET", "/api/v1/vision/describe", vision_describe},
    Route{"POST", "/api/v1/vision/describe/*", vision_describe},
    Route{"GET", "/api/v1/vision/describe/*", vision_describe},
    Route{"POST", "/api/v1/vision/labels", vision_labels},
    Route{"GET", "/api/v1/vision/labels", vision_labels},
    Route{"POST", "/api/v1/vision/labels/*", vision_labels},
    Route{"GET", "/api/v1/vision/labels/*", vision_labels},
    Route{"POST", "/api/v1/vision/nsfw", vision_nsfw},
    Route{"GET", "/api/v1/vision/nsfw", vision_nsfw},
    Route{"POST", "/api/v1/vision/nsfw/*", vision_nsfw},
    Route{"GET", "/api/v1/vision/nsfw/*", vision_nsfw},
};

}  // namespace

Dialect photoprism_dialect() {
  return {.name = "photoprism",
          .plan =
              [](const HttpRequest& request, const ServerView& server) {
                return plan_by_routes(kVisionRoutes, request, server, photoprism_failure);
              },
          .error = photoprism_error,
          .prefixes = {"/api/v1/vision/"},
          .methods = [](std::string_view path) { return methods_of(kVisionRoutes, path); }};
}

}  // namespace blip::serve
