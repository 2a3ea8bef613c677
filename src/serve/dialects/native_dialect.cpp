// The native API: /blip/v1/…, described by openapi.json.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "serve/dialects/base64.hpp"
#include "serve/dialects/json_numbers.hpp"
#include "serve/dialects/native_library.hpp"
#include "serve/dialects/native_work.hpp"
#include "serve/dialects/openapi_document.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/routes.hpp"

namespace blip::serve {
namespace {

/// maps: [words, rows, columns], divided by the largest number of all.
NativeJson explained_words(const ExplainResult& explained) {
  const auto values = explained.maps.values();
  const float largest = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  const auto rows = static_cast<std::size_t>(explained.maps.shape.at(1));
  const auto columns = static_cast<std::size_t>(explained.maps.shape.at(2));
  NativeJson words = NativeJson::array();
  for (std::size_t word = 0; word < explained.words.size(); ++word) {
    NativeJson map = NativeJson::array();
    for (std::size_t row = 0; row < rows; ++row) {
      NativeJson line = NativeJson::array();
      for (const float value : values.subspan((word * rows + row) * columns, columns)) {
        line.push_back(json_number(largest > 0 ? value / largest : 0));
      }
      map.push_back(std::move(line));
    }
    words.push_back({{"word", explained.words[word]}, {"map", std::move(map)}});
  }
  return words;
}

Plan native_explain(const HttpRequest& http, const ServerView& server) {
  NativeWork work{.http = &http, .server = &server};
  ExplainTask explain{.picture = work.only_picture(),
                      .text = work.fields.string("text").value_or("")};
  explain.options.layer = whole_number(work.fields, "layer", {0, 1000});
  explain.options.head = whole_number(work.fields, "head", {0, 1000});
  return native_work({work.task(std::move(explain))}, [](TaskOutcomes outcomes) {
    const auto& explained = result_of<ExplainResult>(outcomes.front());
    NativeJson body = native_answer_of(outcomes);
    body["text"] = explained.text;
    body["words"] = explained_words(explained);
    body["rows"] = explained.maps.shape.at(1);
    body["columns"] = explained.maps.shape.at(2);
    body["overlay"] = "data:image/png;base64," + encode_base64(explained.overlay_png);
    return body;
  });
}

Plan native_models(const HttpRequest&, const ServerView& server) {
  NativeJson models = NativeJson::array();
  for (const auto& model : server.engine.models) {
    NativeJson tasks = NativeJson::array();
    for (const TaskKind kind : model.tasks) tasks.push_back(std::string(name_of(kind)));
    models.push_back({{"name", model.name},
                      {"architecture", model.architecture},
                      {"tasks", std::move(tasks)},
                      {"aliases", model.aliases},
                      {"loaded", model.loaded},
                      {"size", model.size},
                      {"parameters", model.parameters},
                      {"weight_type", model.weight_type}});
  }
  return HttpResponse::json(
      200, json_text_of({{"models", std::move(models)}, {"library", server.library.has_value()}}));
}

Plan native_openapi(const HttpRequest&, const ServerView&) {
  return HttpResponse::json(200, std::string(kOpenapiDocument));
}

/// Bodies of other types are refused before they are read as what they are not.
template <Plan (*plan)(const HttpRequest&, const ServerView&)>
Plan native_checked(const HttpRequest& http, const ServerView& server) {
  if (is_native_content(http)) return plan(http, server);
  return native_error(415, "request: send JSON, a form with an image, or the image itself");
}

constexpr std::array kNativeRoutes = {
    Route{"POST", "/blip/v1/caption", native_checked<native_caption>},
    Route{"POST", "/blip/v1/ask", native_checked<native_ask>},
    Route{"POST", "/blip/v1/match", native_checked<native_match>},
    Route{"POST", "/blip/v1/embed", native_checked<native_embed>},
    Route{"POST", "/blip/v1/rank", native_checked<native_rank>},
    Route{"POST", "/blip/v1/classify", native_checked<native_classify>},
    Route{"POST", "/blip/v1/tag", native_checked<native_tag>},
    Route{"POST", "/blip/v1/moderate", native_checked<native_moderate>},
    Route{"POST", "/blip/v1/explain", native_checked<native_explain>},
    Route{"GET", "/blip/v1/models", native_models},
    Route{"GET", "/blip/v1/library", native_library},
    Route{"GET", "/blip/v1/library/photos", native_library_photos},
    Route{"GET", "/blip/v1/library/photos/*", native_library_photo},
    Route{"PUT", "/blip/v1/library/photos/*", native_library_caption},
    Route{"GET", "/openapi.json", native_openapi},
};

}  // namespace

Dialect native_dialect() {
  return {.name = "native",
          .plan =
              [](const HttpRequest& request, const ServerView& server) {
                return plan_by_routes(kNativeRoutes, request, server, native_failure);
              },
          .error = native_error,
          .prefixes = {"/blip/", "/openapi.json"},
          .methods = [](std::string_view path) { return methods_of(kNativeRoutes, path); }};
}

}  // namespace blip::serve
