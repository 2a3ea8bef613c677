// BLIP's vision tower as a VisionTransformer.
#pragma once

#include <string>

#include "architectures/vision_transformer.hpp"
#include "blip/config.hpp"

namespace blip {

/// `prefix`: "vision_model."
VisionTransformer vision_transformer_of(const BlipVisionConfig& config, const std::string& prefix);

}  // namespace blip
