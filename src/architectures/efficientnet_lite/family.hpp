// EfficientNet-Lite as the registry knows it.
#pragma once

#include "architectures/architecture.hpp"

namespace blip {

extern const ModelFamily kEfficientNetLiteFamily;
extern const Architecture kEfficientNetLiteForImageClassification;

/// tasks/efficientnet_lite_classifier.cpp defines it.
std::shared_ptr<const ImageClassifier> open_efficientnet_lite_classifier(
    const std::filesystem::path& model, const LoadOptions& options);

}  // namespace blip
