#include "train/objectives/image_codes.hpp"

#include "train/objectives/loss_precision.hpp"

namespace blip::train {

torch::Tensor drawing_loss(const DalleTrainingModel& model, const DrawingBatch& batch) {
  const torch::Tensor states = model.encode(batch.texts);
  const torch::Tensor logits = model.logits(states, batch.texts.mask, batch.codes);  // [B, L, V]
  const torch::Tensor scores = torch::log_softmax(for_loss(logits), -1).flatten(0, 1);
  return torch::nll_loss(scores, batch.codes.flatten());
}

}  // namespace blip::train
