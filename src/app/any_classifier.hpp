// AnyClassifier: a classifier of its own classes, or one of labels that are given.
#pragma once

#include <variant>

#include "app/classifier.hpp"
#include "app/zero_shot_classifier.hpp"

namespace blip::app {

/// Both have pictures, labels, logits and classify.
using AnyClassifier = std::variant<Classifier, ZeroShotClassifier>;

inline const PictureReader& pictures_of(const AnyClassifier& classifier) {
  return std::visit([](const auto& each) -> const PictureReader& { return each.pictures(); },
                    classifier);
}

}  // namespace blip::app
