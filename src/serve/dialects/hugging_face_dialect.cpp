// Hugging Face's inference API, as InferenceClient(model=URL) speaks it: a URL a task, and "/" for
// whatever the body asks for.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/trimmed.hpp"
#include "serve/dialects/base64.hpp"
#include "serve/dialects/client_sampling.hpp"
#include "serve/dialects/description.hpp"
#include "serve/dialects/dialect.hpp"
#include "serve/dialects/embedding_inputs.hpp"
#include "serve/dialects/json_numbers.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/native_request.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/request_pictures.hpp"

namespace blip::serve {
namespace {

using std::string_view_literals::operator""sv;

HttpResponse hugging_face_error(int status, std::string_view message) {
  return HttpResponse::json(status, json_text_of({{"error", std::string(message)}}));
}

HttpResponse hugging_face_failure(const TaskFailure& failure) {
  return with_retry_after(hugging_face_error(status_of(failure.kind, 503), failure.message),
                          failure.kind);
}

// The parts of a request, wherever a client puts them.
struct HuggingFaceRequest {
  const HttpRequest& http;
  const ServerView& server;
  std::string model;  ///< of the URL, or of the body
  /// Empty if the body is a picture by itself.
  nlohmann::json body = nlohmann::json::object();
  nlohmann::json parameters = nlohmann::json::object();

  [[nodiscard]] const nlohmann::json* inputs() const {
    const auto found = body.find("inputs");
    return found == body.end() || found->is_null() ? nullptr : &*found;
  }
  /// Of `inputs`, of the body itself, or of `parameters`.
  [[nodiscard]] const nlohmann::json* find(const char* key) const {
    const auto* inside = inputs();
    for (const auto* object : {inside, &body, &parameters}) {
      if (object == nullptr || !object->is_object()) continue;
      const auto found = object->find(key);
      if (found != object->end() && !found->is_null()) return &*found;
    }
    return nullptr;
  }
  [[nodiscard]] std::string text(const char* key) const {
    const auto* value = find(key);
    if (value == nullptr) return {};
    if (!value->is_string()) {
      throw Error(ErrorCode::invalid_argument,
                  std::string(key) + ": must be text, not " + describe(*value));
    }
    return value->get<std::string>();
  }
};

// Pictures are files of these formats, and JSON begins otherwise.
bool begins_as_json(std::string_view bytes) {
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && bytes[first] == '{';
}

bool begins_as_picture(std::string_view bytes) {
  constexpr std::array kBeginnings = {"\xFF\xD8\xFF"sv, "\x89PNG"sv, "GIF8"sv, "RIFF"sv,
                                      "BM"sv,           "II*\0"sv,   "MM\0*"sv};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view b) { return bytes.starts_with(b); }) ||
         (bytes.size() > 8 && bytes.substr(4, 4) == "ftyp");
}

// A text, or a picture in base64?
bool is_picture_text(std::string_view text) {
  if (text.starts_with("data:image/") || text.starts_with("http://") ||
      text.starts_with("https://")) {
    return true;
  }
  constexpr std::size_t kBeginning = 64;  // a multiple of 4 base64 digits
  const auto bytes = decode_base64(text.substr(0, kBeginning));
  return bytes && begins_as_picture(*bytes);
}

// Models of the hub have owners, which those of a server may lack.
std::string name_of_hub_model(const ServerView& server, const std::string& name) {
  return find_model(server, name) != nullptr ? name : name.substr(name.rfind('/') + 1);
}

HuggingFaceRequest read_hugging_face(const HttpRequest& http, const ServerView& server,
                                     std::string model) {
  HuggingFaceRequest request{.http = http, .server = server, .model = std::move(model)};
  if (!begins_as_json(*http.body)) {
    request.model = name_of_hub_model(server, request.model);
    return request;
  }
  request.body = request_object(http);
  const JsonFields fields(request.body, kRequestName);
  if (const auto* parameters = fields.find("parameters")) {
    if (!parameters->is_object()) fields.fail("parameters", "must be an object");
    request.parameters = *parameters;
  }
  if (request.model.empty()) request.model = fields.string("model").value_or("");
  request.model = name_of_hub_model(server, request.model);
  return request;
}

Picture hugging_face_picture(const HuggingFaceRequest& request) {
  if (!begins_as_json(*request.http.body)) return picture_of_body(request.http);
  const auto* image = request.find("image");
  if (image == nullptr) image = request.inputs();
  if (image != nullptr && image->is_array() && image->size() == 1) image = &image->front();
  if (image == nullptr) throw Error(ErrorCode::invalid_argument, "inputs: an image is needed");
  return picture_of_json(*image, "inputs");
}

// transformers' GenerationConfig fields, in `parameters` or an object of its own there.
GenerationOptions hugging_face_generation(const HuggingFaceRequest& request) {
  nlohmann::json fields = request.parameters;
  for (const char* key : {"generate_kwargs", "generation_parameters"}) {
    const auto found = request.parameters.find(key);
    if (found != request.parameters.end() && found->is_object()) fields.update(*found);
  }
  return native_generation(JsonFields(fields, "parameters"));
}

Work hugging_face_work(std::vector<Task> tasks,
                       std::function<nlohmann::ordered_json(std::span<const TaskOutcome>)> answer) {
  return {.tasks = std::move(tasks),
          .respond = [answer = std::move(answer)](std::span<const TaskOutcome> outcomes) {
            if (const auto* failure = first_failure(outcomes)) {
              return hugging_face_failure(*failure);
            }
            return HttpResponse::json(200, json_text_of(answer(outcomes)));
          }};
}

std::optional<int> hugging_face_top(const HuggingFaceRequest& request) {
  constexpr int kMaxTop = 4096;
  return whole_number(JsonFields(request.parameters, "parameters"), "top_k", {1, kMaxTop});
}

Plan plan_image_to_text(const HuggingFaceRequest& request) {
  std::string prompt = request.text("prompt");
  if (prompt.empty()) prompt = request.text("text");
  auto tasks = description_tasks({.model = request.model,
                                  .pictures = {hugging_face_picture(request)},
                                  .prompt = std::move(prompt),
                                  .generation = hugging_face_generation(request)},
                                 request.http, request.server);
  const bool strip = request.server.strip_openings;
  return hugging_face_work(std::move(tasks), [strip](std::span<const TaskOutcome> outcomes) {
    auto list = nlohmann::ordered_json::array();
    const std::size_t choices = num_choices(outcomes);
    for (std::size_t i = 0; i < choices; ++i) {
      const auto description = description_of(outcomes, {.strip_opening = strip}, i);
      list.push_back({{"generated_text", description.text}});
    }
    return list;
  });
}

Plan plan_visual_question_answering(const HuggingFaceRequest& request) {
  const std::string question = request.text("question");
  if (question.empty()) throw Error(ErrorCode::invalid_argument, "question: it is needed");
  AnswerTask task{.picture = hugging_face_picture(request), .question = question};
  nlohmann::json generation = request.parameters;
  generation.erase("top_k");  // of the answers, not of a sampler's words
  task.generation = native_generation(JsonFields(generation, "parameters"));
  const int top = std::min(hugging_face_top(request).value_or(1), kMaxChoices);
  if (top > 1) {
    task.generation.num_return_sequences = top;
    if (!task.generation.do_sample.value_or(false)) {
      task.generation.num_beams = std::max(task.generation.num_beams.value_or(1), top);
    }
  }
  std::vector<Task> tasks{{.model = model_for(request.server, request.model, TaskKind::answer),
                           .input = std::move(task),
                           .client = request.http.client}};
  return hugging_face_work(std::move(tasks), [](std::span<const TaskOutcome> outcomes) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& text : result_of<TextResult>(outcomes.front()).texts) {
      // Of the whole answer, from 0 to 1.
      const float probability = std::exp(std::min(text.score.log_probability, 0.0F));
      list.push_back({{"answer", text.text}, {"score", json_number(probability)}});
    }
    return list;
  });
}

nlohmann::ordered_json hugging_face_labels(std::span<const TaskOutcome> outcomes) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& label : result_of<LabelsResult>(outcomes.front()).labels) {
    list.push_back({{"label", label.label}, {"score", json_number(label.score)}});
  }
  return list;
}

std::vector<std::string> candidate_labels(const HuggingFaceRequest& request) {
  const auto* value = request.find("candidate_labels");
  std::vector<std::string> labels;
  if (value != nullptr && value->is_string()) {  // "cat, dog", as older clients
    std::string_view rest = value->get_ref<const std::string&>();
    while (!rest.empty()) {
      const std::string_view label = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(label.size() + 1, rest.size()));
      const std::string_view name = trimmed(label, " ");
      if (!name.empty()) labels.emplace_back(name);
    }
  } else if (value != nullptr) {
    const nlohmann::json holder = {{"candidate_labels", *value}};
    labels = text_list(JsonFields(holder, "parameters"), "candidate_labels").value();
  }
  if (labels.empty() || labels.size() > kMaxTexts) {
    throw Error(ErrorCode::invalid_argument,
                "candidate_labels: from 1 to " + std::to_string(kMaxTexts) + " are needed");
  }
  return labels;
}

Plan plan_zero_shot_image_classification(const HuggingFaceRequest& request) {
  ClassifyTask task{
      .picture = hugging_face_picture(request), .labels = candidate_labels(request), .top = 0};
  const std::string hypothesis = request.text("hypothesis_template");
  if (!hypothesis.empty()) task.templates = {hypothesis};
  // A classifier of its own labels alone would not do.
  const std::string model = embedding_model(request.server, request.model, true);
  std::vector<Task> tasks{
      {.model = model, .input = std::move(task), .client = request.http.client}};
  return hugging_face_work(std::move(tasks), hugging_face_labels);
}

Plan plan_image_classification(const HuggingFaceRequest& request) {
  constexpr int kPipelineTop = 5;
  const std::string function = request.text("function_to_apply");
  if (!function.empty() && function != "softmax") {
    throw Refusal(FailureKind::not_supported, "function_to_apply: only softmax is there");
  }
  const auto top = static_cast<std::size_t>(hugging_face_top(request).value_or(kPipelineTop));
  std::vector<Task> tasks{
      {.model = model_for(request.server, request.model, TaskKind::classify),
       .input = ClassifyTask{.picture = hugging_face_picture(request), .top = top},
       .client = request.http.client}};
  return hugging_face_work(std::move(tasks), hugging_face_labels);
}

Plan embeddings_plan(
    const HuggingFaceRequest& request, std::vector<EmbeddingInput> inputs,
    std::function<nlohmann::ordered_json(std::vector<std::vector<float>>)> answer) {
  const auto is_text = [](const auto& input) { return std::holds_alternative<std::string>(input); };
  const bool texts = std::any_of(inputs.begin(), inputs.end(), is_text);
  constexpr int kMaxDimensions = 65536;
  const auto dimensions =
      whole_number(JsonFields(request.body, kRequestName), "dimensions", {1, kMaxDimensions});
  auto tasks = embedding_tasks(embedding_model(request.server, request.model, texts), inputs,
                               request.http, request.server);
  return hugging_face_work(std::move(tasks),
                           [pictures = pictures_among(inputs), dimensions,
                            answer = std::move(answer)](std::span<const TaskOutcome> outcomes) {
                             return answer(embeddings_of(outcomes, pictures, dimensions));
                           });
}

Plan plan_feature_extraction(const HuggingFaceRequest& request) {
  std::vector<EmbeddingInput> inputs;
  if (request.inputs() == nullptr && request.find("image") == nullptr) {
    inputs = {hugging_face_picture(request)};
  } else {
    const auto* values = request.inputs() != nullptr ? request.inputs() : request.find("image");
    inputs = embedding_inputs(*values, "inputs", kMaxTexts);
  }
  return embeddings_plan(request, std::move(inputs), [](std::vector<std::vector<float>> rows) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& row : rows) list.push_back(json_numbers(row));
    return list;
  });
}

Plan plan_sentence_similarity(const HuggingFaceRequest& request) {
  const auto* source = request.find("source_sentence");
  const auto* sentences = request.find("sentences");
  if (source == nullptr || sentences == nullptr || !sentences->is_array() || sentences->empty()) {
    throw Error(ErrorCode::invalid_argument, "inputs: source_sentence and sentences are needed");
  }
  auto inputs = embedding_inputs(*sentences, "sentences", kMaxTexts - 1);
  inputs.insert(inputs.begin(), embedding_input(*source, "source_sentence"));
  return embeddings_plan(request, std::move(inputs), [](std::vector<std::vector<float>> rows) {
    auto list = nlohmann::ordered_json::array();
    for (std::size_t i = 1; i < rows.size(); ++i) {
      list.push_back(json_number(cosine(rows.front(), rows[i])));
    }
    return list;
  });
}

Plan plan_by_body(const HuggingFaceRequest& request) {
  if (request.find("question") != nullptr) return plan_visual_question_answering(request);
  if (request.find("candidate_labels") != nullptr) {
    return plan_zero_shot_image_classification(request);
  }
  if (request.find("source_sentence") != nullptr) return plan_sentence_similarity(request);
  const auto* inputs = request.inputs();
  if (inputs != nullptr && inputs->is_string() &&
      !is_picture_text(inputs->get_ref<const std::string&>())) {
    return plan_feature_extraction(request);
  }
  if (inputs != nullptr && inputs->is_array()) return plan_feature_extraction(request);
  return plan_image_to_text(request);
}

struct HuggingFaceTask {
  std::string_view name;
  Plan (*plan)(const HuggingFaceRequest& request);
};
constexpr std::array kHuggingFaceTasks = {
    HuggingFaceTask{"image-to-text", plan_image_to_text},
    HuggingFaceTask{"visual-question-answering", plan_visual_question_answering},
    HuggingFaceTask{"zero-shot-image-classification", plan_zero_shot_image_classification},
    HuggingFaceTask{"image-classification", plan_image_classification},
    HuggingFaceTask{"feature-extraction", plan_feature_extraction},
    HuggingFaceTask{"image-feature-extraction", plan_feature_extraction},
    HuggingFaceTask{"sentence-similarity", plan_sentence_similarity},
};

struct HuggingFaceRoute {
  Plan (*plan)(const HuggingFaceRequest& request) = plan_by_body;
  std::string model;
};

// "/", "/image-to-text", "/image-to-text/OWNER/MODEL", "/pipeline/image-to-text/OWNER/MODEL" and
// "/models/OWNER/MODEL"
std::optional<HuggingFaceRoute> hugging_face_route(std::string_view path) {
  if (path == "/") return HuggingFaceRoute{};
  path.remove_prefix(std::min<std::size_t>(path.size(), 1));
  const auto cut = [&path] {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    return part;
  };
  std::string_view first = cut();
  if (first == "models" && !path.empty()) return HuggingFaceRoute{.model = std::string(path)};
  if (first == "pipeline") first = cut();
  for (const auto& task : kHuggingFaceTasks) {
    if (task.name == first) return HuggingFaceRoute{.plan = task.plan, .model = std::string(path)};
  }
  return std::nullopt;
}

std::optional<Plan> plan_hugging_face(const HttpRequest& http, const ServerView& server) {
  if (http.method != "POST") return std::nullopt;
  const auto route = hugging_face_route(http.path);
  if (!route) return std::nullopt;
  return plan_or_refusal(hugging_face_failure, [&]() -> std::optional<Plan> {
    refuse_unread_if_full(http, server);
    return route->plan(read_hugging_face(http, server, route->model));
  });
}

}  // namespace

Dialect hugging_face_dialect() {
  return {.name = "hugging-face",
          .plan = plan_hugging_face,
          .error = hugging_face_error,
          .prefixes = {"/image-to-text", "/visual-question-answering",
                       "/zero-shot-image-classification", "/image-classification",
                       "/feature-extraction", "/image-feature-extraction", "/sentence-similarity",
                       "/pipeline/", "/models/"},
          .methods = [](std::string_view path) -> std::vector<std::string_view> {
            if (hugging_face_route(path)) return {"POST"};
            return {};
          }};
}

}  // namespace blip::serve
