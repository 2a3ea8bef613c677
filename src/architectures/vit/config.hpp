// config.json of ViT, DeiT and DINOv2 as text, so that it can be tested and fuzzed without files.
#pragma once

#include <string>
#include <string_view>

#include "blip/vit.hpp"

namespace blip {

inline constexpr const char* kVitType = "vit";
inline constexpr const char* kDeitType = "deit";
inline constexpr const char* kDinov2Type = "dinov2";
inline constexpr const char* kDinov2RegistersType = "dinov2_with_registers";

/// `name` stands for the file in messages. Throws malformed or unsupported.
ViTConfig parse_vit_config(std::string_view json, const std::string& name);

}  // namespace blip
