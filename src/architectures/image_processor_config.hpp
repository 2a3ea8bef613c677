// The general image processor's configuration from JSON.
#pragma once

#include <string>
#include <string_view>

#include "blip/image_processor_config.hpp"
#include "core/json_fields.hpp"

namespace blip {

/// The fields of an image processor that is of `default_class` unless it says otherwise.
ImageProcessorConfig read_image_processor(const JsonFields& fields, std::string_view default_class);

/// preprocessor_config.json as text. `name` stands for the file in messages.
ImageProcessorConfig parse_image_processor_config(std::string_view json, const std::string& name,
                                                  std::string_view default_class);

}  // namespace blip
