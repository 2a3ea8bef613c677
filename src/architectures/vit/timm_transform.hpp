// How timm prepares pictures for evaluation.
#pragma once

#include <string>
#include <string_view>

#include "blip/image_processor_config.hpp"
#include "blip/vit.hpp"

namespace blip {

/// What timm's create_transform makes of `pretrained_cfg` for evaluation. Throws malformed or
/// unsupported.
ImageProcessorConfig parse_timm_transform(std::string_view json, const std::string& name);

/// What those who publish a checkpoint without a config.json (DeiT, DINOv2) run it with: ImageNet's
/// mean and deviation, bicubic, the middle 7/8 of the picture below 300 px and the whole above.
/// DINOv2 (patches of 14) is read at 224 px.
ImageProcessorConfig usual_timm_transform(const ViTConfig& config);

}  // namespace blip
