// The loss of DALL-E mini's decoder: the cross-entropy of a picture's codes, given its text.
#pragma once

#include <torch/torch.h>

#include "train/model/dalle_model.hpp"

namespace blip::train {

struct DrawingBatch {
  TextBatch texts;      ///< [B, T], <s> … </s>
  torch::Tensor codes;  ///< [B, image_length] int64
};

/// The mean over all codes of all pictures → scalar
torch::Tensor drawing_loss(const DalleTrainingModel& model, const DrawingBatch& batch);

}  // namespace blip::train
