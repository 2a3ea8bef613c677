// Hard negatives: which other image or text of the batch a pair is confused with.
#pragma once

#include <torch/torch.h>

#include <functional>

namespace blip::train {

/// weights: [B, N], at least 0, float → a column for every row, [B] int64 on the same device. A row
/// is drawn from in proportion to its weights, which need not sum to 1.
using NegativeSampler = std::function<torch::Tensor(const torch::Tensor& weights)>;

/// Draws on the CPU from `generator`, whatever the device of the weights, and in proportion to
/// weights ^ hardness: with 1 as above, with 0 whatever may be drawn is as likely.
NegativeSampler sample_with(torch::Generator generator, double hardness = 1.0);

/// Pre-training: similarities [B, B] → softmax over the row + 1e-4, the diagonal 0. Throws
/// invalid_argument for a batch of one, or for similarities that are not finite.
torch::Tensor pretraining_weights(const torch::Tensor& similarities);

/// Retrieval: similarities [B, N] → softmax over the row, 0 where the column is of the same image.
/// image_ids: [B], column_ids: [N]. A row whose other columns all round to 0 gets the same weight
/// for each of these. Throws invalid_argument if a row has no column of another image, or for
/// similarities that are not finite.
torch::Tensor retrieval_weights(const torch::Tensor& similarities, const torch::Tensor& image_ids,
                                const torch::Tensor& column_ids);

}  // namespace blip::train
