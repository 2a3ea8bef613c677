// The configuration files of BLIP as text, so that they can be tested and fuzzed without files.
// `name` stands for the file in error messages. All throw malformed or unsupported.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "blip/config.hpp"
#include "checkpoint/generation_config.hpp"

namespace blip {

/// config.json.
BlipConfig parse_config(std::string_view json, const std::string& name);

/// preprocessor_config.json.
BlipImageProcessorConfig parse_preprocessor_config(std::string_view json, const std::string& name);

/// processor_config.json, which transformers 5 writes instead: the same fields in an
/// "image_processor" object; none if it lacks that, as transformers 4 wrote it.
std::optional<BlipImageProcessorConfig> parse_processor_config(std::string_view json,
                                                               const std::string& name);

}  // namespace blip
