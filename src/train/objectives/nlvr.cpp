#include "train/objectives/loss_precision.hpp"
#include "train/objectives/training_losses.hpp"

namespace blip::train {

torch::Tensor nlvr_logits(const NlvrModel& model, const NlvrBatch& batch, bool training) {
  const torch::Tensor image_states =
      model.vision.forward(torch::cat({batch.left, batch.right}), training);  // [2B, 1 + N, C]
  const auto states = image_states.chunk(2);
  const TextBatch texts =
      with_first_token(batch.statements, encoder_token(model.config.text_config));
  const torch::Tensor first =
      model.encoder.encode(texts, CrossStates{{states[0], states[1]}, {}}, training).select(1, 0);
  return linear(model.classifier, torch::relu(linear(model.hidden, first)));
}

torch::Tensor nlvr_loss(const NlvrModel& model, const NlvrBatch& batch) {
  return torch::nn::functional::cross_entropy(
      for_loss(nlvr_logits(model, batch, /*training=*/true)), batch.labels);
}

}  // namespace blip::train
