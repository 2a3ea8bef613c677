#include "train/objectives/training_losses.hpp"

namespace blip::train {

torch::Tensor captioning_loss(const CaptioningModel& model, const CaptioningBatch& batch,
                              const LanguageModelOptions& options) {
  constexpr bool kTraining = true;
  const torch::Tensor image_states = model.vision.forward(batch.images, kTraining);
  const TextBatch texts = with_first_token(batch.texts, decoder_token(model.config.text_config));
  return decoded_loss(model.decoder, model.language_model_head, texts,
                      CrossStates{{image_states}, {}, batch.caption_counts}, batch.prompt_tokens,
                      options);
}

}  // namespace blip::train
