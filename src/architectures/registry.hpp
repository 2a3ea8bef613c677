// The registry: which families of models there are, and which of them a model belongs to.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "architectures/architecture.hpp"

namespace blip {

/// BLIP is the first: what nobody can tell is read as it, so that its readers say what is wrong.
std::span<const ModelFamily* const> model_families();

/// By the model_type of config.json; null: there is none.
const ModelFamily* find_family(std::string_view model_type);

/// A class of any family, by its name; null: there is none.
const Architecture* find_architecture(std::string_view name);

// Of a model directory or a checkpoint file (a path that resolve_model gave).

/// By its config.json, or by its tensors if it lacks that. Throws unsupported for a model of no
/// family, or whatever reading the file throws.
const ModelFamily& family_of(const std::filesystem::path& model);

/// Its image processor and its tokenizer, or those of `processor`, another model, if one is named.
/// Where no configuration tells the family, the files beside the weights are read as BLIP's. Of a
/// `processor` without files about images, the model's own are read. Throws what reading them
/// throws.
std::shared_ptr<const ImageProcessor> open_image_processor(
    const std::filesystem::path& model, const std::filesystem::path& processor = {});
std::shared_ptr<const Tokenizer> open_tokenizer(const std::filesystem::path& model,
                                                const std::filesystem::path& processor = {});

}  // namespace blip
