// CLIP's towers for people: their sizes in a line, and by transformers' names.
#pragma once

#include "architectures/architecture.hpp"
#include "blip/clip.hpp"

namespace blip {

ConfigPart describe_clip_vision(const CLIPVisionConfig& config, int projection_dim);
ConfigPart describe_clip_text(const CLIPTextConfig& config, int projection_dim);

}  // namespace blip
