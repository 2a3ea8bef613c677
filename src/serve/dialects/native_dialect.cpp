// The native API: /blip/v1/…, described by openapi.json.
#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "serve/dialects/base64.hpp"
#include "serve/dialects/dialect.hpp"
#include "serve/dialects/event_stream.hpp"
#include "serve/dialects/json_numbers.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/native_request.hpp"
#include "serve/dialects/openapi_document.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/routes.hpp"

namespace blip::serve {
namespace {

using NativeJson = nlohmann::ordered_json;
using TaskOutcomes = std::span<const TaskOutcome>;

constexpr int kMaxNativeTop = 4096;

NativeJson native_error_body(std::string_view code, std::string_view message) {
  return {{"error", {{"code", std::string(code)}, {"message", std::string(message)}}}};
}

HttpResponse native_error(int status, std::string_view message) {
  std::string_view code = "bad_request";
  if (status == 401 || status == 403) code = "unauthorized";
  if (status == 404) code = "not_found";
  if (status == 405) code = "method_not_allowed";
  if (status == 413) code = "too_large";
  if (status == 422) code = "bad_image";
  if (status == 429) code = "queue_full";
  if (status == 503) code = "draining";
  if (status == 408 || status == 504) code = "timed_out";
  if (status == 500) code = "internal";
  return HttpResponse::json(status, json_text_of(native_error_body(code, message)));
}

HttpResponse native_failure(const TaskFailure& failure) {
  const NativeJson body = native_error_body(name_of(failure.kind), failure.message);
  return with_retry_after(HttpResponse::json(status_of(failure.kind), json_text_of(body)),
                          failure.kind);
}

/// The pictures and fields of a request, and the tasks that are made of them.
struct NativeWork {
  const HttpRequest* http;
  const ServerView* server;
  NativeRequest request = read_native_request(*http);
  JsonFields fields{request.fields, kRequestName};

  [[nodiscard]] Picture only_picture() {
    if (request.pictures.size() != 1) {
      throw Error(ErrorCode::invalid_argument, "request: one image is needed, there are " +
                                                   std::to_string(request.pictures.size()));
    }
    return std::move(request.pictures.front());
  }

  /// `one` or `many`; throws if there is neither and it is `needed`.
  [[nodiscard]] std::vector<std::string> texts(const char* one, const char* many,
                                               bool needed = true) const {
    auto list = text_list(fields, many).value_or(std::vector<std::string>());
    if (const auto text = fields.string(one)) list.insert(list.begin(), *text);
    if (list.empty() && needed) {
      throw Error(ErrorCode::invalid_argument,
                  std::string("request: ") + one + " or " + many + " is needed");
    }
    return list;
  }
  [[nodiscard]] std::vector<std::string> list(const char* key) const {
    return text_list(fields, key).value_or(std::vector<std::string>());
  }
  [[nodiscard]] std::size_t top(std::size_t otherwise) const {
    const auto value = whole_number(fields, "top", {0, kMaxNativeTop});
    return value ? static_cast<std::size_t>(*value) : otherwise;
  }

  [[nodiscard]] Task task(TaskInput input) const {
    const TaskKind kind = kind_of(input);
    return {.model = model_for(*server, fields.string("model").value_or(""), kind),
            .input = std::move(input),
            .client = http->client};
  }
};

using NativeAnswer = std::function<NativeJson(TaskOutcomes outcomes)>;

NativeJson native_answer_of(TaskOutcomes outcomes) {
  return {{"model", std::get<TaskResult>(outcomes.front()).model}};
}

Work native_work(std::vector<Task> tasks, NativeAnswer answer) {
  return {.tasks = std::move(tasks), .respond = [answer](TaskOutcomes outcomes) {
            if (const auto* failure = first_failure(outcomes)) return native_failure(*failure);
            return HttpResponse::json(200, json_text_of(answer(outcomes)));
          }};
}

/// With a stream if the request asks for it.
Work native_text_work(const NativeWork& work, std::vector<Task> tasks, const NativeAnswer& answer) {
  Work planned = native_work(std::move(tasks), answer);
  if (!work.fields.boolean("stream").value_or(false)) return planned;
  planned.stream = Stream{
      .headers = event_stream_headers(),
      .begin = [] { return std::string(); },
      .piece =
          [](std::string_view piece) {
            return server_sent_event("token", json_text_of({{"text", std::string(piece)}}));
          },
      .end =
          [answer](TaskOutcomes outcomes) {
            if (const auto* failure = first_failure(outcomes)) {
              const NativeJson body = native_error_body(name_of(failure->kind), failure->message);
              return server_sent_event("error", json_text_of(body));
            }
            return server_sent_event("done", json_text_of(answer(outcomes)));
          },
      .keep_alive = std::string(kEventPing)};
  return planned;
}

NativeJson scores_of_text(const TextResult::Text& text) {
  return {{"log_probability", json_number(text.score.log_probability)},
          {"mean_log_probability", json_number(text.score.mean_log_probability)},
          {"score", json_number(text.score.score)}};
}

Plan native_caption(const HttpRequest& http, const ServerView& server) {
  NativeWork work{.http = &http, .server = &server};
  CaptionTask caption{.picture = work.only_picture(),
                      .prompt = work.fields.string("prompt").value_or(""),
                      .generation = native_generation(work.fields),
                      .banned_words = work.list("ban_words")};
  caption.edits.strip_prompt = work.fields.boolean("strip_prompt").value_or(false);
  if (const auto characters = whole_number(work.fields, "max_chars", {1, 100'000})) {
    caption.edits.max_characters = static_cast<std::uint64_t>(*characters);
  }
  return native_text_work(work, {work.task(std::move(caption))}, [](TaskOutcomes outcomes) {
    NativeJson body = native_answer_of(outcomes);
    body["captions"] = NativeJson::array();
    for (const auto& text : result_of<TextResult>(outcomes.front()).texts) {
      NativeJson caption_of_text = {{"caption", text.text}};
      caption_of_text.update(scores_of_text(text));
      body["captions"].push_back(std::move(caption_of_text));
    }
    return body;
  });
}

Plan native_ask(const HttpRequest& http, const ServerView& server) {
  NativeWork work{.http = &http, .server = &server};
  const auto questions = work.texts("question", "questions");
  // The engine reads the picture once, however many questions there are; each is a task.
  constexpr std::size_t kMaxQuestions = 64;
  if (questions.size() > kMaxQuestions) {
    throw Error(ErrorCode::limit_exceeded, "request: more than 64 questions");
  }
  const Picture picture = work.only_picture();
  std::vector<Task> tasks;
  for (const auto& question : questions) {
    tasks.push_back(work.task(AnswerTask{.picture = picture,
                                         .question = question,
                                         .generation = native_generation(work.fields),
                                         .answers = work.list("answers"),
                                         .top = work.top(1)}));
  }
  return native_text_work(work, std::move(tasks), [questions](TaskOutcomes outcomes) {
    NativeJson body = native_answer_of(outcomes);
    body["answers"] = NativeJson::array();
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      for (const auto& text : result_of<TextResult>(outcomes[i]).texts) {
        NativeJson answer = {{"question", questions[i]}, {"answer", text.text}};
        answer.update(scores_of_text(text));
        body["answers"].push_back(std::move(answer));
      }
    }
    return body;
  });
}

NativeJson native_itm(const MatchResult::Match& match) {
  return match.itm ? json_number(*match.itm) : NativeJson(nullptr);
}

Plan native_match(const HttpRequest& http, const ServerView& server) {
  NativeWork work{.http = &http, .server = &server};
  const auto texts = work.texts("text", "texts");
  std::vector<Task> tasks{work.task(MatchTask{.picture = work.only_picture(), .texts = texts})};
  return native_work(std::move(tasks), [texts](TaskOutcomes outcomes) {
    NativeJson body = native_answer_of(outcomes);
    body["matches"] = NativeJson::array();
    const auto& matches = result_of<MatchResult>(outcomes.front()).matches;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      body["matches"].push_back({{"text", texts[i]},
                                 {"itm", native_itm(matches[i])},
                                 {"itc", json_number(matches[i].itc)}});
    }
    return body;
  });
}

Plan native_embed(const HttpRequest& http, const ServerView& server) {
  NativeWork work{.http = &http, .server = &server};
  const auto texts = work.texts("text", "texts", false);
  std::vector<Task> tasks;
  for (auto& picture : work.request.pictures) {
    tasks.push_back(work.task(EmbedImageTask{.picture = std::move(picture)}));
  }
  if (!texts.empty()) tasks.push_back(work.task(EmbedTextsTask{.texts = texts}));
  if (tasks.empty()) {
    throw Error(ErrorCode::invalid_argument, "request: image, images, text or texts is needed");
  }
  return native_work(std::move(tasks), [num_texts = texts.size()](TaskOutcomes outcomes) {
    NativeJson body = native_answer_of(outcomes);
    body["size"] = result_of<EmbeddingResult>(outcomes.front()).embeddings.shape.back();
    body["images"] = NativeJson::array();
    body["texts"] = NativeJson::array();
    const std::size_t num_images = outcomes.size() - (num_texts > 0 ? 1 : 0);
    for (std::size_t i = 0; i < num_images; ++i) {
      const auto& result = result_of<EmbeddingResult>(outcomes[i]);
      body["images"].push_back(json_numbers(row_of(result.embeddings, 0)));
    }
    for (std::size_t i = 0; i < num_texts; ++i) {
      const auto& result = result_of<EmbeddingResult>(outcomes.back());
      body["texts"].push_back(json_numbers(row_of(result.embeddings, i)));
    }
    return body;
  });
}

/// The best first: by the matching head if there is one.
NativeJson ranking_of(std::span<const MatchResult::Match> matches,
                      std::span<const std::string> texts) {
  const auto score = [&](std::size_t i) { return matches[i].itm.value_or(matches[i].itc); };
  std::vector<std::size_t> order(matches.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return score(a) > score(b); });
  NativeJson ranking = NativeJson::array();
  for (const std::size_t i : order) {
    NativeJson entry = {{"index", i}};
    if (!texts.empty()) entry["text"] = texts[i];
    entry["itm"] = native_itm(matches[i]);
    entry["itc"] = json_number(matches[i].itc);
    entry["score"] = json_number(score(i));
    ranking.push_back(std::move(entry));
  }
  return ranking;
}

Plan native_rank(const HttpRequest& http, const ServerView& server) {
  NativeWork work{.http = &http, .server = &server};
  const auto texts = work.list("texts");
  if (!texts.empty()) {  // by one picture
    std::vector<Task> tasks{work.task(MatchTask{.picture = work.only_picture(), .texts = texts})};
    return native_work(std::move(tasks), [texts](TaskOutcomes outcomes) {
      NativeJson body = native_answer_of(outcomes);
      body["ranking"] = ranking_of(result_of<MatchResult>(outcomes.front()).matches, texts);
      return body;
    });
  }
  const auto text = work.texts("text", "texts");
  if (work.request.pictures.empty()) {
    throw Error(ErrorCode::invalid_argument, "request: image or images is needed");
  }
  std::vector<Task> tasks;
  for (auto& picture : work.request.pictures) {
    tasks.push_back(work.task(MatchTask{.picture = std::move(picture), .texts = text}));
  }
  return native_work(std::move(tasks), [](TaskOutcomes outcomes) {
    std::vector<MatchResult::Match> matches;
    for (const auto& outcome : outcomes) {
      matches.push_back(result_of<MatchResult>(outcome).matches.front());
    }
    NativeJson body = native_answer_of(outcomes);
    body["ranking"] = ranking_of(matches, {});
    return body;
  });
}

NativeAnswer labels_answer(const char* key) {
  return [key](TaskOutcomes outcomes) {
    NativeJson body = native_answer_of(outcomes);
    body[key] = NativeJson::array();
    for (const auto& label : result_of<LabelsResult>(outcomes.front()).labels) {
      body[key].push_back({{"label", label.label}, {"score", json_number(label.score)}});
    }
    return body;
  };
}

Plan native_classify(const HttpRequest& http, const ServerView& server) {
  NativeWork work{.http = &http, .server = &server};
  return native_work({work.task(ClassifyTask{.picture = work.only_picture(),
                                             .labels = work.list("labels"),
                                             .templates = work.list("templates"),
                                             .top = work.top(5)})},
                     labels_answer("labels"));
}

Plan native_tag(const HttpRequest& http, const ServerView& server) {
  NativeWork work{.http = &http, .server = &server};
  const auto margin = work.fields.number("margin", {-2, 2});
  return native_work({work.task(TagTask{.picture = work.only_picture(),
                                        .tags = work.list("tags"),
                                        .top = work.top(10),
                                        .margin = static_cast<float>(margin.value_or(0))})},
                     labels_answer("tags"));
}

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
  return HttpResponse::json(200, json_text_of({{"models", std::move(models)}}));
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
    Route{"POST", "/blip/v1/explain", native_checked<native_explain>},
    Route{"GET", "/blip/v1/models", native_models},
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
