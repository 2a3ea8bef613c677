// The configuration files as text, so that they can be tested and fuzzed without files. `name`
// stands for the file in error messages. All throw malformed or unsupported.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "blip/config.hpp"

namespace blip {

class JsonFields;

/// config.json.
BlipConfig parse_config(std::string_view json, const std::string& name);

/// preprocessor_config.json.
BlipImageProcessorConfig parse_preprocessor_config(std::string_view json, const std::string& name);

/// processor_config.json, which transformers 5 writes instead: the same fields in an
/// "image_processor" object; none if it lacks that, as transformers 4 wrote it.
std::optional<BlipImageProcessorConfig> parse_processor_config(std::string_view json,
                                                               const std::string& name);

/// generation_config.json.
GenerationOptions parse_generation_config(std::string_view json, const std::string& name);

/// The generation fields that an object holds beside others.
GenerationOptions parse_generation_fields(const JsonFields& fields);

/// `options` where it says, `fallback` where it does not.
GenerationOptions laid_over(const GenerationOptions& options, const GenerationOptions& fallback);

/// Configuration files are read up to this size; real ones have a few kilobytes.
inline constexpr std::size_t kMaxConfigBytes = 4'000'000;

}  // namespace blip
