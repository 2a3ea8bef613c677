// What is passed by keyword, as the library's structs.
#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <vector>

#include "blip/generation.hpp"
#include "blip/hub.hpp"
#include "blip/load_options.hpp"

namespace blip::python {

/// transformers' names. None and an absent key are not set. Throws invalid_argument for a name that
/// there is not, as transformers does, and nanobind's error for a value of another type.
GenerationOptions generation_options(const nanobind::dict& keywords);

/// weight_type: "stored", "float32", "float16", "bfloat16" or "int8"; adapter: "" for none.
/// hub: as hub_options has it.
LoadOptions load_options(const std::string& weight_type, const std::string& adapter,
                         const nanobind::dict& hub);

/// transformers' names: revision, cache_dir, token (strings), local_files_only (a bool). An absent
/// key is not set.
HubOptions hub_options(const nanobind::dict& keywords);

/// What generation_options takes.
std::vector<std::string> generation_option_names();

}  // namespace blip::python
