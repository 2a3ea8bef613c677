// config.json of CLIP as text, so that it can be tested and fuzzed without files.
#pragma once

#include <string>
#include <string_view>

#include "blip/clip.hpp"

namespace blip {

inline constexpr const char* kClipType = "clip";
inline constexpr const char* kClipTextType = "clip_text_model";
inline constexpr const char* kClipVisionType = "clip_vision_model";

/// `name` stands for the file in messages. Throws malformed or unsupported.
CLIPConfig parse_clip_config(std::string_view json, const std::string& name);

}  // namespace blip
