// The fields of an EfficientNet-Lite in configuration files, read and written.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "blip/config.hpp"
#include "blip/image_classification.hpp"
#include "core/json_fields.hpp"

namespace blip {

inline constexpr const char* kEfficientNetLiteType = "efficientnet_lite";

/// `backbone_config` of a hybrid BLIP, or config.json of a classifier. Throws malformed or
/// unsupported, naming the field.
EfficientNetLiteConfig parse_efficientnet_lite(const JsonFields& fields);

/// With the model type first.
nlohmann::ordered_json efficientnet_lite_json(const EfficientNetLiteConfig& config);

/// config.json of a classifier as text; `name` stands for the file in messages. Throws as the
/// above.
EfficientNetLiteClassifierConfig parse_efficientnet_lite_classifier(std::string_view json,
                                                                    const std::string& name);

}  // namespace blip
