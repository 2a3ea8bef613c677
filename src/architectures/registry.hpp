// The registry: which families of models there are, and which of them a model belongs to.
#pragma once

#include <filesystem>
#include <memory>

#include "blip/tokenizer.hpp"
#include "image/image_processor.hpp"

namespace blip {

/// The image processor of a model directory or checkpoint file (a resolved path), by its
/// model_type. Throws what reading its configuration throws.
std::shared_ptr<const ImageProcessor> open_image_processor(const std::filesystem::path& model);

/// The same of its tokenizer.
std::shared_ptr<const Tokenizer> open_tokenizer(const std::filesystem::path& model);

}  // namespace blip
