// What an EfficientNet-Lite consists of, told from its configuration.
#pragma once

#include <string>

#include "architectures/expected_tensors.hpp"
#include "blip/config.hpp"

namespace blip {

/// Those under `prefix`: "efficientnet." in a classifier.
void add_efficientnet_lite(ExpectedTensorList& list, const EfficientNetLiteConfig& config,
                           const std::string& prefix);

}  // namespace blip
