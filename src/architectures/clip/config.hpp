// config.json of CLIP as text, so that it can be tested and fuzzed without files.
#pragma once

#include <string>
#include <string_view>

#include "blip/clip.hpp"
#include "core/json_fields.hpp"

namespace blip {

inline constexpr const char* kClipType = "clip";
inline constexpr const char* kClipTextType = "clip_text_model";
inline constexpr const char* kClipVisionType = "clip_vision_model";

/// `name` stands for the file in messages. Throws malformed or unsupported.
CLIPConfig parse_clip_config(std::string_view json, const std::string& name);

/// The same of an image tower's object.
CLIPVisionConfig parse_clip_vision(const JsonFields& fields);

/// Where a file has both, the older name's object counts, with its class's defaults for what it
/// does not say: as transformers has it. `nothing` stands for an object that the file lacks.
JsonFields clip_section(const JsonFields& fields, const char* key, const char* legacy_key,
                        const nlohmann::json& nothing, const std::string& name);

}  // namespace blip
