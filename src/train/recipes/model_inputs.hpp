// What recipes pass to their models: texts on the device, rows of the other processes, the draws
// of hard negatives.
#pragma once

#include <span>
#include <vector>

#include "blip/tokenizer.hpp"
#include "train/data/example.hpp"
#include "train/data/token_rows.hpp"
#include "train/model/text_transformer.hpp"
#include "train/objectives/hard_negatives.hpp"
#include "train/objectives/rank_gather.hpp"
#include "train/run/process_group.hpp"
#include "train/run/training_config.hpp"

namespace blip::train {

/// Captions, questions or statements → [B, T]
TextBatch texts_on(const torch::Device& device, std::span<const Example> examples,
                   const BertTokenizer& tokenizer, int max_tokens, Padding padding);

/// rows: token ids that begin and end with special tokens → [B, T], padded to the longest by what
/// ends each row: the mask, or a causal model, keeps that from being seen.
TextBatch padded(const torch::Device& device, const std::vector<std::vector<TokenId>>& rows);

/// The view that the objectives have of the other processes.
RankGather gather_of(const ProcessGroup& group);
/// Draws from libtorch's own generator, which checkpoints keep.
NegativeSampler default_sampler(const ObjectiveConfig& objective);

}  // namespace blip::train
