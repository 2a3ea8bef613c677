// The configuration files, written as transformers writes and reads them.
#pragma once

#include <string>
#include <string_view>

#include "blip/config.hpp"
#include "blip/image_processor_config.hpp"

namespace blip {

/// config.json.
std::string config_as_json(const BlipConfig& config);

/// `json`, a config.json, with its "architectures" (if it names none) and the number type it claims
/// for the weights (if it claims one) set to these; the same text where that changes nothing.
/// `dtype` is torch's name, "float16". `name` stands for the file in messages; throws malformed.
std::string updated_config(std::string_view json, const std::string& name,
                           const std::string& architecture, const std::string& dtype);

/// preprocessor_config.json: of a CLIPImageProcessor where pictures are resized by their shortest
/// edge, else of a BlipImageProcessor.
std::string image_processor_as_json(const ImageProcessorConfig& config);
std::string image_processor_as_json(const BlipImageProcessorConfig& config);

/// `json`, a config.json, for a model whose language model head has a matrix of its own.
std::string config_without_ties(std::string_view json);

}  // namespace blip
