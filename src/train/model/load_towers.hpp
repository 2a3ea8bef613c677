// Where the paper's pre-training begins: a language model and a vision transformer of their own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "train/model/parameters.hpp"

namespace blip::train {

/// Fills what BERT has of the text towers: embeddings, self-attention, feed-forward and the
/// language model's head; cross-attention stays as it is. `bert` is a directory or file of
/// transformers' BertForPreTraining or BertForMaskedLM, old names of layer norms ("gamma") too. A
/// smaller vocabulary fills the first rows, so that [DEC] and [ENC] keep their new ones. Returns
/// the names that were filled. Throws shape_mismatch, missing_tensor (an encoder's self-attention
/// or embeddings that BERT lacks), or as Checkpoint::open.
std::vector<std::string> load_bert(Parameters& parameters, const std::filesystem::path& bert);

/// Fills the vision tower from a checkpoint with timm's names, such as DeiT's
/// deit_base_patch16_224; position embeddings are re-gridded. Its classifier is not looked at.
/// Returns and throws likewise; every tensor of the tower must be there.
std::vector<std::string> load_timm_vision(Parameters& parameters,
                                          const std::filesystem::path& vision);

}  // namespace blip::train
