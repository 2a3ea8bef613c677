#include "serve/dialects/photo_labels.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "blip/error.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_pictures.hpp"

namespace blip::serve {

std::vector<Task> label_tasks(std::string_view model, std::vector<Picture> pictures,
                              const HttpRequest& http, const ServerView& server) {
  if (pictures.empty()) {
    throw Error(ErrorCode::invalid_argument, "no image: labels are of images");
  }
  check_number_of_pictures(pictures.size());
  // A library names one model for all it wants; its captioner knows no labels.
  const ModelStatus* named = named_model(server, model);
  const ModelStatus* labeller = nullptr;
  TaskKind kind = TaskKind::tag;
  for (const TaskKind wanted : {TaskKind::tag, TaskKind::classify}) {
    if (labeller == nullptr && named != nullptr && can(*named, wanted)) {
      labeller = named;
      kind = wanted;
    }
  }
  for (const TaskKind wanted : {TaskKind::tag, TaskKind::classify}) {
    if (labeller == nullptr && (labeller = first_model(server, wanted)) != nullptr) kind = wanted;
  }
  if (labeller == nullptr) {
    throw Refusal(FailureKind::not_supported,
                  "no model of this server makes labels; add a CLIP, a BLIP for retrieval or a "
                  "classifier");
  }
  std::vector<Task> tasks;
  for (auto& picture : pictures) {
    Task task{.model = labeller->name, .input = TagTask{}, .client = http.client};
    if (kind == TaskKind::tag) {
      task.input = TagTask{.picture = std::move(picture)};
    } else {
      task.input = ClassifyTask{.picture = std::move(picture)};
    }
    tasks.push_back(std::move(task));
  }
  return tasks;
}

std::vector<PhotoLabel> photo_labels(std::span<const TaskOutcome> outcomes, TaskKind kind) {
  // What CLIP's cosines are multiplied by, the limit that its training runs into.
  constexpr double kLogitScale = 100;
  std::vector<PhotoLabel> labels;
  for (const auto& outcome : outcomes) {
    for (const auto& label : result_of<LabelsResult>(outcome).labels) {
      const double score = label.score;
      const double confidence =
          kind == TaskKind::tag ? 1 / (1 + std::exp(-kLogitScale * score)) : score;
      const auto same = std::find_if(labels.begin(), labels.end(), [&](const PhotoLabel& known) {
        return known.name == label.label;
      });
      if (same == labels.end()) {
        labels.push_back({.name = label.label, .confidence = std::clamp(confidence, 0.0, 1.0)});
      } else {
        same->confidence = std::max(same->confidence, std::clamp(confidence, 0.0, 1.0));
      }
    }
  }
  std::stable_sort(labels.begin(), labels.end(), [](const PhotoLabel& a, const PhotoLabel& b) {
    return a.confidence > b.confidence;
  });
  return labels;
}

}  // namespace blip::serve
