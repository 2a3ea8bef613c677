// Where a CLIP's tokenizer is: beside the model, or in the bundled directory of OpenAI's
// vocabulary.
#pragma once

#include <filesystem>
#include <optional>

namespace blip {

/// The directory of `model`'s tokenizer: its own where it has one; of a model without (OpenAI's
/// .pt) the bundled one, which fits every CLIP of 49,408 tokens. None for another model without.
std::optional<std::filesystem::path> find_clip_tokenizer_directory(
    const std::filesystem::path& model);

}  // namespace blip
