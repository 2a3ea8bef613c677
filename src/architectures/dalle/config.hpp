// config.json of DALL-E mini and mega, read and written.
#pragma once

#include <string>
#include <string_view>

#include "blip/dalle.hpp"

namespace blip {

inline constexpr const char* kDalleType = "dalle";
/// dalle-mini's own files.
inline constexpr const char* kDalleBartType = "dallebart";

/// A picture's levels, of which each halves its sides: real ones have 5.
inline constexpr int kMaxVqganLevels = 10;

// The parts of a model: what its tensors' names begin with.
inline constexpr const char* kDalleEncoder = "encoder.";
inline constexpr const char* kDalleDecoder = "decoder.";
inline constexpr const char* kDalleDetokenizer = "vqgan.";

/// What training leaves of a VQGAN by itself, with its encoder: not a model of the registry.
inline constexpr const char* kVqganType = "vqgan";

/// config.json as text; `name` stands for the file in messages. Throws malformed or unsupported.
DalleConfig parse_dalle_config(std::string_view json, const std::string& name);

/// The text of config.json.
std::string dalle_config_as_json(const DalleConfig& config);

/// The same of a VQGAN by itself: the keys of vqgan_config beside model_type.
VqganConfig parse_vqgan_config(std::string_view json, const std::string& name);
std::string vqgan_config_as_json(const VqganConfig& config);

}  // namespace blip
