// The tensors of a BERT, BLIP's text towers and Chinese-CLIP's, part by part.
#pragma once

#include <cstdint>
#include <string>

#include "architectures/expected_tensors.hpp"

namespace blip {

/// Words, positions and their norm, but no token types.
void add_bert_embeddings(ExpectedTensorList& list, const std::string& prefix,
                         std::int64_t vocab_size, std::int64_t positions, std::int64_t width);

/// "text_encoder.encoder.layer.3."
std::string bert_layer_prefix(const std::string& prefix, int index);

/// Of a layer: queries, keys, values and what follows them up to the norm.
void add_bert_self_attention(ExpectedTensorList& list, const std::string& layer,
                             std::int64_t width);
void add_bert_feed_forward(ExpectedTensorList& list, const std::string& layer, std::int64_t width,
                           std::int64_t inner);

/// `prefix`.query, .key and .value; keys and values of states `source_width` wide.
void add_bert_projections(ExpectedTensorList& list, const std::string& prefix, std::int64_t width,
                          std::int64_t source_width);

}  // namespace blip
