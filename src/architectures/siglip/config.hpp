// config.json of SigLIP as text, so that it can be tested and fuzzed without files.
#pragma once

#include <string>
#include <string_view>

#include "blip/siglip.hpp"

namespace blip {

inline constexpr const char* kSiglipType = "siglip";
/// Of SigLIP 2 for any image size (NaFlex), which is another model. Those of fixed sizes are
/// "siglip".
inline constexpr const char* kSiglipNaFlexType = "siglip2";

/// `name` stands for the file in messages. Throws malformed or unsupported.
SiglipConfig parse_siglip_config(std::string_view json, const std::string& name);

}  // namespace blip
