// Where a model's tokenizer is, and whether its vocabulary is that of the model's embeddings.
#pragma once

#include <filesystem>
#include <optional>

#include "blip/tokenizer.hpp"

namespace blip {

/// Where a tokenizer lies beside the weights of `model`. Where none does (a checkpoint file by
/// itself, a directory that a training wrote), the bundled vocabulary of bert-base-uncased, which
/// every published BLIP has, if the word embeddings have its number of rows: its [DEC] (30522) and
/// [ENC] (30523) exist as ids only, as in the models on the hub. Nothing: neither will do. Throws
/// not_found if the bundled vocabulary is not installed.
std::optional<std::filesystem::path> find_tokenizer_directory(const std::filesystem::path& model);

/// The same. Throws not_found, saying what was looked for, where there is nothing.
std::filesystem::path tokenizer_directory(const std::filesystem::path& model);

/// The tokenizer of `model`, or that of `processor`, another model, if one is named. Throws
/// malformed if it has more tokens than the word embeddings of `model` have rows, or what reading
/// the files throws.
BertTokenizer open_bert_tokenizer(const std::filesystem::path& model,
                                  const std::filesystem::path& processor = {});

}  // namespace blip
