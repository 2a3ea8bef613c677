// The kind of model that a config.json tells: one reader for the hub and for directories.
#pragma once

#include <string>

namespace blip {

class JsonFields;

inline constexpr const char* kTimmType = "timm_wrapper";

/// `model_type` of config.json; empty if it has none, but kTimmType of timm's files, which have a
/// `pretrained_cfg` instead: as transformers takes them. Throws malformed.
std::string read_model_type(const JsonFields& fields);

}  // namespace blip
