// Text Embeddings Inference: /embed, /rerank, /similarity, /predict and /info, with images where it
// has texts.
#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "serve/dialects/dialect.hpp"
#include "serve/dialects/embedding_inputs.hpp"
#include "serve/dialects/json_numbers.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/request_pictures.hpp"
#include "serve/dialects/routes.hpp"

namespace blip::serve {
namespace {

/// Texts in one request: TEI's own default, which its clients read from /info.
constexpr std::size_t kMaxTeiBatch = 32;

HttpResponse tei_response(int status, std::string_view message, std::string_view type) {
  return HttpResponse::json(
      status, json_text_of({{"error", std::string(message)}, {"error_type", std::string(type)}}));
}

HttpResponse tei_error(int status, std::string_view message) {
  switch (status) {
    case 429:
      return tei_response(status, message, "Overloaded");
    case 503:
      return tei_response(status, message, "Unhealthy");
    case 500:
    case 504:
      return tei_response(status, message, "Backend");
    default:
      return tei_response(status, message, "Validation");
  }
}

HttpResponse tei_failure(const TaskFailure& failure) {
  switch (failure.kind) {
    case FailureKind::bad_request:
      return tei_response(422, failure.message, "Validation");
    case FailureKind::not_supported:
    case FailureKind::internal:
      return tei_response(424, failure.message, "Backend");
    default:
      return with_retry_after(tei_error(status_of(failure.kind), failure.message), failure.kind);
  }
}

/// An empty list, which TEI does not call a validation error.
class EmptyTeiInput : public std::exception {};

Work tei_work(std::vector<Task> tasks,
              std::function<nlohmann::ordered_json(std::span<const TaskOutcome>)> answer) {
  return {.tasks = std::move(tasks),
          .respond = [answer = std::move(answer)](std::span<const TaskOutcome> outcomes) {
            if (const auto* failure = first_failure(outcomes)) return tei_failure(*failure);
            return HttpResponse::json(200, json_text_of(answer(outcomes)));
          }};
}

const nlohmann::json& needed_tei_field(const JsonFields& fields, const char* key) {
  const auto* value = fields.find(key);
  if (value == nullptr) fields.fail(key, "is needed");
  if ((value->is_array() || value->is_string()) && value->empty()) throw EmptyTeiInput();
  if (value->is_string() && value->get_ref<const std::string&>().empty()) throw EmptyTeiInput();
  return *value;
}

bool has_text(const std::vector<EmbeddingInput>& inputs) {
  return std::any_of(inputs.begin(), inputs.end(), [](const EmbeddingInput& input) {
    return std::holds_alternative<std::string>(input);
  });
}

std::vector<Task> tei_embedding_tasks(const std::vector<EmbeddingInput>& inputs,
                                      const JsonFields& fields, const HttpRequest& request,
                                      const ServerView& server) {
  const std::string model =
      embedding_model(server, fields.string("model").value_or(""), has_text(inputs));
  return embedding_tasks(model, inputs, request, server);
}

// normalize, truncate, truncation_direction and prompt_name change nothing: embeddings are of unit
// length, and texts are cut at the model's longest.
Plan plan_tei_embed(const HttpRequest& request, const ServerView& server) {
  const auto body = request_object(request);
  const JsonFields fields(body, kRequestName);
  const auto inputs = embedding_inputs(needed_tei_field(fields, "inputs"), "inputs", kMaxTeiBatch);
  constexpr int kMaxDimensions = 65536;
  const auto dimensions = whole_number(fields, "dimensions", {1, kMaxDimensions});
  return tei_work(
      tei_embedding_tasks(inputs, fields, request, server),
      [pictures = pictures_among(inputs), dimensions](std::span<const TaskOutcome> outcomes) {
        auto rows = nlohmann::ordered_json::array();
        for (const auto& row : embeddings_of(outcomes, pictures, dimensions)) {
          rows.push_back(json_numbers(row));
        }
        return rows;
      });
}

Plan plan_tei_similarity(const HttpRequest& request, const ServerView& server) {
  const auto body = request_object(request);
  const JsonFields whole(body, kRequestName);
  const auto pair = whole.object("inputs");
  if (!pair) whole.fail("inputs", "is needed");
  auto inputs = embedding_inputs(needed_tei_field(*pair, "sentences"), "sentences", kMaxTeiBatch);
  inputs.insert(inputs.begin(),
                embedding_input(needed_tei_field(*pair, "source_sentence"), "source_sentence"));
  return tei_work(tei_embedding_tasks(inputs, whole, request, server),
                  [pictures = pictures_among(inputs)](std::span<const TaskOutcome> outcomes) {
                    const auto rows = embeddings_of(outcomes, pictures);
                    auto list = nlohmann::ordered_json::array();
                    for (std::size_t i = 1; i < rows.size(); ++i) {
                      list.push_back(json_number(cosine(rows.front(), rows[i])));
                    }
                    return list;
                  });
}

nlohmann::ordered_json ranking(const std::vector<float>& scores,
                               const std::vector<EmbeddingInput>& inputs, bool return_text) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  auto list = nlohmann::ordered_json::array();
  for (const std::size_t index : order) {
    nlohmann::ordered_json entry = {{"index", index}, {"score", json_number(scores[index])}};
    const auto* text = std::get_if<std::string>(&inputs[index]);
    if (return_text && text != nullptr) entry["text"] = *text;
    list.push_back(std::move(entry));
  }
  return list;
}

// The matching head's probability, or the cosine of a model without one. raw_scores: the logit.
float rank_score(const MatchResult::Match& match, bool raw) {
  if (!match.itm) return match.itc;
  if (!raw) return *match.itm;
  const double p = std::clamp(static_cast<double>(*match.itm), 1e-7, 1 - 1e-7);
  return static_cast<float>(std::log(p / (1 - p)));
}

// A picture and texts, or a text and pictures, are matched. Two texts are compared.
Plan plan_tei_rerank(const HttpRequest& request, const ServerView& server) {
  const auto body = request_object(request);
  const JsonFields fields(body, kRequestName);
  const EmbeddingInput query = embedding_input(needed_tei_field(fields, "query"), "query");
  const auto& listed = needed_tei_field(fields, "texts");
  if (!listed.is_array()) fields.fail("texts", "must be a list");
  auto inputs = embedding_inputs(listed, "texts", kMaxTeiBatch);
  const bool raw = fields.boolean("raw_scores").value_or(false);
  const bool return_text = fields.boolean("return_text").value_or(false);
  const std::string named = fields.string("model").value_or("");

  const bool pictures = std::holds_alternative<Picture>(query);
  const bool texts = has_text(inputs);
  const auto is_picture = pictures_among(inputs);
  const auto num_pictures =
      static_cast<std::size_t>(std::count(is_picture.begin(), is_picture.end(), true));
  if ((pictures && !texts) || (texts && num_pictures > 0)) {
    throw Error(ErrorCode::invalid_argument,
                "texts: an image is ranked against texts, and texts or images against a text");
  }
  if (!pictures && texts) {
    inputs.insert(inputs.begin(), query);
    return tei_work(tei_embedding_tasks(inputs, fields, request, server),
                    [inputs, return_text](std::span<const TaskOutcome> outcomes) {
                      const auto rows = embeddings_of(outcomes, pictures_among(inputs));
                      std::vector<float> scores;
                      for (std::size_t i = 1; i < rows.size(); ++i) {
                        scores.push_back(cosine(rows.front(), rows[i]));
                      }
                      return ranking(scores, {inputs.begin() + 1, inputs.end()}, return_text);
                    });
  }
  const std::string model = model_for(server, named, TaskKind::match);
  std::vector<Task> tasks;
  if (pictures) {
    MatchTask task{.picture = std::get<Picture>(query), .texts = {}};
    for (const auto& input : inputs) task.texts.push_back(std::get<std::string>(input));
    tasks.push_back({.model = model, .input = std::move(task), .client = request.client});
  } else {
    check_number_of_pictures(num_pictures);
    for (const auto& input : inputs) {
      tasks.push_back({.model = model,
                       .input = MatchTask{.picture = std::get<Picture>(input),
                                          .texts = {std::get<std::string>(query)}},
                       .client = request.client});
    }
    inputs.clear();  // megabytes, of which the answer needs nothing
    inputs.resize(num_pictures, std::string());
  }
  return tei_work(std::move(tasks), [inputs, raw, return_text = return_text && pictures](
                                        std::span<const TaskOutcome> outcomes) {
    std::vector<float> scores;
    for (const auto& outcome : outcomes) {
      for (const auto& match : result_of<MatchResult>(outcome).matches) {
        scores.push_back(rank_score(match, raw));
      }
    }
    return ranking(scores, inputs, return_text);
  });
}

// TEI classifies texts; here pictures by the labels of a classifier. A list has a list back.
Plan plan_tei_predict(const HttpRequest& request, const ServerView& server) {
  const auto body = request_object(request);
  const JsonFields fields(body, kRequestName);
  const auto& value = needed_tei_field(fields, "inputs");
  const auto inputs = embedding_inputs(value, "inputs", kMaxTeiBatch);
  if (has_text(inputs)) {
    throw Refusal(FailureKind::not_supported,
                  R"(texts are not classified here, but images: {"inputs": {"image": base64}})");
  }
  check_number_of_pictures(inputs.size());
  const std::string model =
      model_for(server, fields.string("model").value_or(""), TaskKind::classify);
  std::vector<Task> tasks;
  for (const auto& input : inputs) {
    tasks.push_back({.model = model,
                     .input = ClassifyTask{.picture = std::get<Picture>(input), .top = 0},
                     .client = request.client});
  }
  return tei_work(
      std::move(tasks), [several = value.is_array()](std::span<const TaskOutcome> outcomes) {
        auto lists = nlohmann::ordered_json::array();
        for (const auto& outcome : outcomes) {
          auto list = nlohmann::ordered_json::array();
          for (const auto& label : result_of<LabelsResult>(outcome).labels) {
            list.push_back({{"score", json_number(label.score)}, {"label", label.label}});
          }
          lists.push_back(std::move(list));
        }
        return several ? lists : lists.front();
      });
}

Plan plan_tei_info(const HttpRequest& /*request*/, const ServerView& server) {
  const std::string name = embedding_model(server, "", false);
  const ModelStatus* model = find_model(server, name);
  const int max_length = model != nullptr ? model->max_tokens : 0;
  nlohmann::ordered_json info = {
      {"model_id", name},
      {"model_sha", model != nullptr ? model->digest : ""},
      {"model_dtype", model != nullptr ? model->weight_type : ""},
      {"model_type", {{"embedding", {{"pooling", "cls"}}}}},
      {"max_concurrent_requests", server.engine.queue_limit},
      {"max_input_length", max_length},
      {"max_batch_tokens", static_cast<std::int64_t>(kMaxTeiBatch) * max_length},
      {"max_client_batch_size", kMaxTeiBatch},
      {"auto_truncate", true},
      {"tokenization_workers", 1},
      {"version", server.version}};
  return HttpResponse::json(200, json_text_of(info));
}

constexpr std::array kTeiRoutes = {
    Route{"POST", "/embed", plan_tei_embed}, Route{"POST", "/similarity", plan_tei_similarity},
    Route{"POST", "/rerank", plan_tei_rerank}, Route{"POST", "/predict", plan_tei_predict},
    Route{"GET", "/info", plan_tei_info}};

std::optional<Plan> plan_tei(const HttpRequest& request, const ServerView& server) {
  // A form is Immich's.
  if (request.path == "/predict" && request.content_type() == "multipart/form-data") {
    return std::nullopt;
  }
  try {
    return plan_by_routes(kTeiRoutes, request, server, tei_failure);
  } catch (const EmptyTeiInput&) {
    return tei_response(400, "`inputs` cannot be empty", "Empty");
  }
}

}  // namespace

Dialect tei_dialect() {
  return {.name = "tei",
          .plan = plan_tei,
          .error = tei_error,
          .prefixes = {"/embed", "/rerank", "/similarity", "/info"},
          .methods = [](std::string_view path) { return methods_of(kTeiRoutes, path); }};
}

}  // namespace blip::serve
