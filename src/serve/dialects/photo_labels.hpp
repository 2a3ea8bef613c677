// Labels of pictures as photo libraries take them: names with a confidence.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serve/dialects/dialect.hpp"

namespace blip::serve {

struct PhotoLabel {
  std::string name;
  double confidence = 0;  ///< 0 to 1
};

/// The tasks that make them, one a picture: tags of a model that tags, else classes. Throws Refusal
/// if no model does either, and invalid_argument if there is no picture.
std::vector<Task> label_tasks(std::string_view model, std::vector<Picture> pictures,
                              const HttpRequest& http, const ServerView& server);

/// Of all pictures together, each label once, the surest first. `kind`: of the tasks. The
/// confidence of a class is its probability. That of a tag is the probability with which CLIP's
/// softmax, at the temperature it is trained to, prefers it to words that fit any picture.
std::vector<PhotoLabel> photo_labels(std::span<const TaskOutcome> outcomes, TaskKind kind);

}  // namespace blip::serve
