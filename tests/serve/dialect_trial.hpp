// Dialects without sockets: requests as they were captured from clients (data/requests), a server
// with three models, and tasks whose outcomes a test chooses.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "serve/dialects/dialect.hpp"

namespace blip::serve {

inline ModelStatus trial_model(std::string name, std::string architecture,
                               std::vector<TaskKind> tasks, int embedding_size, int max_tokens) {
  ModelStatus model;
  model.name = std::move(name);
  model.architecture = std::move(architecture);
  model.weight_type = "int8";
  model.tasks = std::move(tasks);
  model.digest = std::string(64, 'a');
  model.embedding_size = embedding_size;
  model.max_tokens = max_tokens;
  return model;
}

/// blip captions, answers and matches; vit names what it sees and embeds pictures alone;
/// clip-vit-base-patch32 compares pictures with texts.
inline ServerView trial_server() {
  using enum TaskKind;
  ServerView server;
  server.version = "1.2.3";
  server.engine.ready = true;
  server.engine.queue_limit = 512;
  server.engine.models = {
      trial_model("blip", "BlipForConditionalGeneration", {caption, answer, match}, 0, 512),
      trial_model("vit", "ViTForImageClassification", {classify, embed}, 4, 0),
      trial_model("clip-vit-base-patch32", "CLIPModel", {match, embed, classify, tag}, 2, 77)};
  return server;
}

inline HttpRequest post_json(std::string path, std::string body) {
  HttpRequest request;
  request.method = "POST";
  request.path = std::move(path);
  request.headers = {{"Content-Type", "application/json"}};
  request.body = std::make_shared<const std::string>(std::move(body));
  request.client = "10.0.0.7";
  return request;
}

inline HttpRequest get(std::string path) {
  HttpRequest request;
  request.path = std::move(path);
  return request;
}

/// data/requests/NAME.http
inline HttpRequest captured(const std::string& name) {
  std::ifstream file(std::string(BLIP_TEST_DATA) + "/requests/" + name + ".http", std::ios::binary);
  EXPECT_TRUE(file) << name;
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  HttpRequest request;
  std::size_t at = 0;
  const auto line = [&] {
    const std::size_t end = text.find("\r\n", at);
    std::string found = text.substr(at, end - at);
    at = end + 2;
    return found;
  };
  const std::string first = line();
  request.method = first.substr(0, first.find(' '));
  request.path = first.substr(first.find(' ') + 1);
  request.path = request.path.substr(0, request.path.find('?'));
  for (std::string field = line(); !field.empty(); field = line()) {
    const std::size_t colon = field.find(": ");
    request.headers.add(field.substr(0, colon), field.substr(colon + 2));
  }
  request.body = std::make_shared<const std::string>(text.substr(at));
  return request;
}

/// What becomes of a request up to its tasks.
class Trial {
 public:
  Trial(const Dialect& dialect, const HttpRequest& request,
        const ServerView& server = trial_server())
      : plan_(dialect.plan(request, server)) {}

  [[nodiscard]] bool is_taken() const { return plan_.has_value(); }
  [[nodiscard]] const std::vector<Task>& tasks() const {
    static const std::vector<Task> none;
    const auto* work = plan_ ? std::get_if<Work>(&*plan_) : nullptr;
    EXPECT_NE(work, nullptr) << (answered() ? answered()->body : "not taken");
    return work != nullptr ? work->tasks : none;
  }
  template <typename Input>
  [[nodiscard]] const Input& input(std::size_t task = 0) const {
    return std::get<Input>(tasks().at(task).input);
  }
  /// Without tasks.
  [[nodiscard]] const HttpResponse* answered() const {
    return plan_ ? std::get_if<HttpResponse>(&*plan_) : nullptr;
  }
  [[nodiscard]] bool streams() const {
    const auto* work = plan_ ? std::get_if<Work>(&*plan_) : nullptr;
    return work != nullptr && work->stream.has_value();
  }
  [[nodiscard]] const Stream& stream() const { return std::get<Work>(*plan_).stream.value(); }
  /// All of the stream.
  [[nodiscard]] std::string streamed(const std::vector<std::string>& pieces,
                                     const std::vector<TaskOutcome>& outcomes) const {
    std::string text = stream().begin();
    for (const auto& piece : pieces) text += stream().piece(piece);
    return text += stream().end(outcomes);
  }
  /// The response, if these come of the tasks.
  [[nodiscard]] HttpResponse respond(std::vector<TaskOutcome> outcomes) const {
    EXPECT_EQ(outcomes.size(), tasks().size());
    return std::get<Work>(*plan_).respond(outcomes);
  }

 private:
  std::optional<Plan> plan_;
};

inline TaskOutcome text_outcome(const std::vector<std::string>& texts, float log_probability = 0) {
  TextResult result;
  for (const auto& text : texts) {
    result.texts.push_back(
        {.text = text, .score = {.log_probability = log_probability}, .tokens = 4});
  }
  return TaskResult{.model = "blip", .value = std::move(result)};
}

inline TaskOutcome embedding_outcome(std::vector<float> values, std::int64_t rows = 1,
                                     int width = 0, int height = 0) {
  const auto columns = static_cast<std::int64_t>(values.size()) / rows;
  return TaskResult{
      .model = "clip-vit-base-patch32",
      .value = EmbeddingResult{.embeddings = {.shape = {rows, columns}, .data = std::move(values)},
                               .image_width = width,
                               .image_height = height,
                               .tokens = 5}};
}

inline TaskOutcome labels_outcome(std::vector<app::ScoredLabel> labels) {
  return TaskResult{.model = "vit", .value = LabelsResult{.labels = std::move(labels)}};
}

/// By the matching head, and of a model without one.
inline MatchResult::Match itm_match(float probability) {
  return {.itm = probability, .itc = 0.0F};
}
inline MatchResult::Match itc_match(float cosine) {
  return {.itm = std::nullopt, .itc = cosine};
}

inline TaskOutcome matches_outcome(std::vector<MatchResult::Match> matches) {
  return TaskResult{.model = "blip", .value = MatchResult{.matches = std::move(matches)}};
}

inline TaskOutcome failed(FailureKind kind, std::string message = "no") {
  return TaskFailure{.kind = kind, .message = std::move(message)};
}

inline std::string bytes_of(const Picture& picture) {
  return std::string(std::get<PictureBytes>(picture).bytes);
}

/// The two by two pixels that the clients sent.
inline bool is_captured_png(const Picture& picture) {
  return bytes_of(picture).starts_with("\x89PNG\r\n\x1a\n") &&
         bytes_of(picture).ends_with("IEND\xAE\x42\x60\x82");
}

inline nlohmann::json json_of(const HttpResponse& response) {
  EXPECT_EQ(response.headers.find("Content-Type"), "application/json");
  return nlohmann::json::parse(response.body);
}

}  // namespace blip::serve
