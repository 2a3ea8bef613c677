// How OpenAI's code and open_clip prepare pictures, whose files come without
// preprocessor_config.json.
#pragma once

#include <string>
#include <string_view>

#include "blip/image_processor_config.hpp"

namespace blip {

/// transformers' CLIPImageProcessor for another size than 224.
ImageProcessorConfig transformers_clip_transform(int side);

/// OpenAI's: the shortest edge to `side`, the middle of it, by torchvision over Pillow's pixels.
ImageProcessorConfig openai_clip_transform(int side);

/// "preprocess_cfg" of open_clip_config.json laid over that; of its size, the model's own holds, as
/// in open_clip. `name` stands for the file in messages. Throws malformed, or unsupported for a
/// resize_mode that makes borders.
ImageProcessorConfig parse_open_clip_transform(std::string_view json, const std::string& name,
                                               int side);

}  // namespace blip
