#include "serve/dialects/structured_answer.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "serve/dialects/photo_labels.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"

namespace blip::serve {
namespace {

nlohmann::ordered_json caption_json(const AnswerShape& shape, const Description& description) {
  nlohmann::ordered_json answer;
  for (const auto& key : shape.keys) {
    if (key.nested) {
      answer[key.name] = {
          {"text", description.text},
          {"confidence", std::exp(std::min(0.0, description.mean_log_probability))}};
    } else {
      answer[key.name] = description.text;
    }
  }
  return answer;
}

nlohmann::ordered_json labels_json(const AnswerShape& shape, std::span<const PhotoLabel> labels) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& label : labels) {
    if (shape.labels_are_texts) {
      list.push_back(label.name);
    } else {
      list.push_back({{"name", label.name},
                      {"confidence", label.confidence},
                      {"topicality", label.confidence}});
    }
  }
  nlohmann::ordered_json answer;
  for (const auto& key : shape.keys) answer[key.name] = list;
  return answer;
}

}  // namespace

StructuredAnswer structured_answer(AnswerShape shape, DescriptionRequest request, TextFilter filter,
                                   const HttpRequest& http, const ServerView& server) {
  if (shape.kind == AnswerShape::Kind::labels) {
    auto tasks = label_tasks(request.model, std::move(request.pictures), http, server);
    const TaskKind kind = kind_of(tasks.front().input);
    return {.tasks = std::move(tasks),
            .filter = {},
            .of = [shape, kind](std::span<const TaskOutcome> outcomes, std::size_t) {
              const auto labels = photo_labels(outcomes, kind);
              const auto& first = std::get<TaskResult>(outcomes.front());
              Description description{.text = json_text_of(labels_json(shape, labels)),
                                      .model = first.model};
              description.add_times_of(outcomes);
              return description;
            }};
  }
  if (std::any_of(shape.keys.begin(), shape.keys.end(),
                  [](const AnswerShape::Key& key) { return key.nested; })) {
    request.generation.output_scores = true;  // for the confidence
  }
  // Openings are cut off captions, not answers.
  auto tasks = description_tasks(std::move(request), http, server);
  if (kind_of(tasks.front().input) != TaskKind::caption) filter.strip_opening = false;
  const bool is_text = shape.kind == AnswerShape::Kind::text;
  return {
      .tasks = std::move(tasks),
      .streams = is_text,
      .filter = filter,
      .of = [shape, filter, is_text](std::span<const TaskOutcome> outcomes, std::size_t choice) {
        Description description = description_of(outcomes, filter, choice);
        if (!is_text) description.text = json_text_of(caption_json(shape, description));
        return description;
      }};
}

}  // namespace blip::serve
