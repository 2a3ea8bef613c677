// Where a model's tokenizer is, which a checkpoint file comes without.
#pragma once

#include <filesystem>

namespace blip {

/// `model` itself if it is a directory with a tokenizer or a config.json; for a bare checkpoint,
/// the bundled vocabulary of bert-base-uncased, which every published BLIP has. Its [DEC] (30522)
/// and [ENC] (30523) exist as ids only, as in the models on the hub. Throws not_found if that is
/// not installed.
std::filesystem::path tokenizer_directory(const std::filesystem::path& model);

}  // namespace blip
