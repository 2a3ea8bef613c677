// Which rows of a BERT's word embeddings belong to the pieces of another vocabulary.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace blip::train {

/// Directories with a tokenizer each. → for each piece of `own`, in the order of ids, the id that
/// `bert` has for the same text. Throws invalid_argument, naming a piece that `bert` does not have,
/// and what reading the files throws.
std::vector<std::int64_t> vocabulary_rows(const std::filesystem::path& own,
                                          const std::filesystem::path& bert);

}  // namespace blip::train
