// generation_config.json, and the same fields where older files keep them.
#pragma once

#include <string>
#include <string_view>

#include "blip/generation.hpp"

namespace blip {

class JsonFields;

/// generation_config.json as text. `name` stands for the file in error messages. Throws malformed
/// or unsupported.
GenerationOptions parse_generation_config(std::string_view json, const std::string& name);

/// The generation fields that an object holds beside others.
GenerationOptions parse_generation_fields(const JsonFields& fields);

/// `options` where it says, `fallback` where it does not.
GenerationOptions laid_over(const GenerationOptions& options, const GenerationOptions& fallback);

}  // namespace blip
