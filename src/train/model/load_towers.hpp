// Where a new model begins: a language model, a vision transformer, a convolutional network.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "train/model/parameters.hpp"

namespace blip::train {

/// Fills what BERT has of the text towers: embeddings, self-attention, feed-forward and the
/// language model's head; cross-attention stays as it is. `bert` is a directory or file of
/// transformers' BertForPreTraining, BertForMaskedLM or BertModel, old names of layer norms
/// ("gamma") too. Fewer layers or positions take its first ones. What BERT adds for the first of
/// two sentences goes into the position embeddings, as it is added to each of them.
///
/// `vocabulary_rows`: BERT's rows for the first words here (vocabulary_rows.hpp); if empty, a
/// smaller vocabulary fills the first rows. [DEC] and [ENC] keep their new ones. Returns the names
/// that were filled. Throws shape_mismatch, missing_tensor (an encoder's self-attention or
/// embeddings that BERT lacks), or as Checkpoint::open.
std::vector<std::string> load_bert(Parameters& parameters, const std::filesystem::path& bert,
                                   const std::vector<std::int64_t>& vocabulary_rows = {});

/// Fills the vision tower from a checkpoint with timm's names, such as DeiT's
/// deit_base_patch16_224; position embeddings are re-gridded. Its classifier is not looked at.
/// Returns and throws likewise; every tensor of the tower must be there.
std::vector<std::string> load_timm_vision(Parameters& parameters,
                                          const std::filesystem::path& vision);

/// Fills the backbone of a hybrid vision tower from an EfficientNet-Lite classifier. Its classifier
/// is not looked at. Returns and throws likewise.
std::vector<std::string> load_backbone(Parameters& parameters,
                                       const std::filesystem::path& classifier);

}  // namespace blip::train
