// CLIP's loss: each image among all texts, and each text among all images, of all processes.
#pragma once

#include <torch/torch.h>

#include "train/model/clip_model.hpp"
#include "train/objectives/contrastive.hpp"
#include "train/objectives/rank_gather.hpp"

namespace blip::train {

struct ClipBatch {
  torch::Tensor images;  ///< [B, 3, S, S]
  ClipTexts texts;       ///< [B, T]; text i belongs to image i
};

struct ClipLosses {
  torch::Tensor image_to_text;
  torch::Tensor text_to_image;
  torch::Tensor total;  ///< the mean of both
};

/// features: [B, D] of unit length, logit_scale: scalar. The cross-entropy of this process's rows
/// of exp(logit_scale) · images · textsᵀ, over the rows of all: the mean of it over the processes
/// is transformers' loss of the whole batch, and so is the mean of the gradients, which flow
/// through the others' features as well.
ClipLosses clip_losses(const ImageTextFeatures& features, const torch::Tensor& logit_scale,
                       const RankGather& gather);

/// The same of a batch. Clamps logit_scale, so it is called once for every step.
ClipLosses clip_losses(const ClipTrainingModel& model, const ClipBatch& batch,
                       const RankGather& gather);

}  // namespace blip::train
