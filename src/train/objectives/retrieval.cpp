#include "train/objectives/contrastive.hpp"
#include "train/objectives/image_text_matching.hpp"
#include "train/objectives/training_losses.hpp"

namespace blip::train {
namespace {

// What negatives are drawn from, and how alike it is to this rank's batch.
struct Candidates {
  NegativeCandidates rows;
  ImageTextFeatures features;  // [N, D]
  torch::Tensor image_ids;     // [N]
};

Candidates candidates_of(const torch::Tensor& image_states, const TextBatch& texts,
                         const ImageTextFeatures& features, const torch::Tensor& image_ids,
                         NegativesFrom negatives, const RankGather& gather) {
  if (negatives == NegativesFrom::own_rank) return {{image_states, texts}, features, image_ids};
  return {
      {gather.differentiable_rows(image_states), {gather.rows(texts.ids), gather.rows(texts.mask)}},
      {gather.rows(features.image.detach()), gather.rows(features.text.detach())},
      gather.rows(image_ids)};
}

}  // namespace

RetrievalLosses retrieval_losses(RetrievalModel& model, const RetrievalBatch& batch, double alpha,
                                 NegativesFrom negatives, const NegativeSampler& sampler,
                                 const RankGather& gather, Matching matching) {
  constexpr bool kTraining = true;
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
    // All captions of an image are positives of it, those in the queue as well.
    hard = same_image_targets(batch.image_ids, model.queue.image_id, momentum.image.options());
  }

  // ITC, against the queue as it was before this step.
  const Similarities online =
      similarities(features, momentum, model.queue.image, model.queue.text, model.temperature);
  RetrievalLosses losses;
  losses.contrastive = contrastive_loss(online, momentum_similarities, hard, alpha);
  model.queue.enqueue(gather.rows(momentum.image), gather.rows(momentum.text),
                      gather.rows(batch.image_ids));
  losses.image_states = image_states;
  if (matching == Matching::left_out) {
    losses.matching = torch::zeros_like(losses.contrastive);
    losses.total = losses.contrastive;
    return losses;
  }

  // ITM. Unlike in pre-training, negatives are told by the features that are being trained.
  const TextBatch encoder_texts =
      with_first_token(batch.texts, encoder_token(model.config.text_config));
  const Candidates candidates =
      candidates_of(image_states, encoder_texts, features, batch.image_ids, negatives, gather);
  torch::Tensor negative_images;
  torch::Tensor negative_texts;
  {
    const torch::NoGradGuard no_grad;
    const auto weights = [&](const torch::Tensor& own, const torch::Tensor& others) {
      return retrieval_weights(torch::matmul(own, others.t()) / model.temperature, batch.image_ids,
                               candidates.image_ids);
    };
    negative_images = sampler(weights(features.text, candidates.features.image));
    negative_texts = sampler(weights(features.image, candidates.features.text));
  }
  losses.matching =
      matching_loss(model.online.text, model.matching_head, image_states, encoder_texts,
                    candidates.rows, negative_images, negative_texts, kTraining);

  losses.total = losses.contrastive + losses.matching;
  return losses;
}

}  // namespace blip::train
