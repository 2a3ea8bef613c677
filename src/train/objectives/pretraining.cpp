#include "train/objectives/contrastive.hpp"
#include "train/objectives/image_text_matching.hpp"
#include "train/objectives/training_losses.hpp"

namespace blip::train {

PretrainingLosses pretraining_losses(PretrainingModel& model, const PretrainingBatch& batch,
                                     double alpha, const NegativeSampler& sampler,
                                     const RankGather& gather,
                                     const LanguageModelOptions& options) {
  constexpr bool kTraining = true;
  const std::int64_t size = batch.images.size(0);
  clamp_temperature(model.temperature);

  // Unimodal encoders.
  const torch::Tensor image_states = model.online.vision.forward(batch.images, kTraining);
  const ImageTextFeatures features = {model.online.project_image(image_states),
                                      model.online.encode_text(batch.texts, kTraining)};

  // The momentum encoders follow before they are asked, and drop out as the others do.
  ImageTextFeatures momentum;
  Similarities momentum_similarities;
  torch::Tensor hard;
  {
    const torch::NoGradGuard no_grad;
    update_momentum(model.momentum_pairs, model.momentum_coefficient);
    momentum = {
        model.momentum.project_image(model.momentum.vision.forward(batch.images, kTraining)),
        model.momentum.encode_text(batch.texts, kTraining)};
    momentum_similarities =
        similarities(momentum, momentum, model.queue.image, model.queue.text, model.temperature);
    hard = one_positive_targets(size, model.queue.size(), momentum.image.options());
  }

  // ITC, against the queue as it was before this step.
  const Similarities online =
      similarities(features, momentum, model.queue.image, model.queue.text, model.temperature);
  PretrainingLosses losses;
  losses.contrastive = contrastive_loss(online, momentum_similarities, hard, alpha);
  model.queue.enqueue(gather.rows(momentum.image), gather.rows(momentum.text));

  // ITM, with negatives of this rank's batch: a wrong image for every text, then a wrong text for
  // every image.
  const TextBatch encoder_texts =
      with_first_token(batch.texts, encoder_token(model.config.text_config));
  const torch::Tensor negative_images =
      sampler(pretraining_weights(online.text_to_image.slice(1, 0, size)));
  const torch::Tensor negative_texts =
      sampler(pretraining_weights(online.image_to_text.slice(1, 0, size)));
  losses.matching =
      matching_loss(model.online.text, model.matching_head, image_states, encoder_texts,
                    {image_states, encoder_texts}, negative_images, negative_texts, kTraining);

  // LM.
  const TextBatch decoder_texts =
      with_first_token(batch.texts, decoder_token(model.config.text_config));
  losses.language_model =
      decoded_loss(model.decoder, model.language_model_head, decoder_texts,
                   CrossStates{{image_states}, {}}, /*prompt_tokens=*/0, options);

  losses.total = losses.contrastive + losses.matching + losses.language_model;
  return losses;
}

}  // namespace blip::train
