#include "train/objectives/image_text_matching.hpp"

#include "train/objectives/loss_precision.hpp"

namespace blip::train {

torch::Tensor matching_loss(const TextTransformer& encoder, const Linear& head,
                            const torch::Tensor& image_states, const TextBatch& texts,
                            const NegativeCandidates& candidates,
                            const torch::Tensor& negative_images,
                            const torch::Tensor& negative_texts, bool training) {
  const std::int64_t batch = image_states.size(0);
  const torch::Tensor positive = encoder.encode(texts, CrossStates{{image_states}, {}}, training);

  // Every text with a wrong image, then every image with a wrong text: 2B pairs.
  const TextBatch paired_texts = {
      torch::cat({texts.ids, candidates.texts.ids.index_select(0, negative_texts)}),
      torch::cat({texts.mask, candidates.texts.mask.index_select(0, negative_texts)})};
  const torch::Tensor paired_images =
      torch::cat({candidates.image_states.index_select(0, negative_images), image_states});
  const torch::Tensor negative =
      encoder.encode(paired_texts, CrossStates{{paired_images}, {}}, training);

  const torch::Tensor first =
      torch::cat({positive.select(1, 0), negative.select(1, 0)});  // [3B, H]
  const torch::Tensor labels = torch::cat(
      {torch::ones({batch}, texts.ids.options()), torch::zeros({2 * batch}, texts.ids.options())});
  return torch::nn::functional::cross_entropy(for_loss(linear(head, first)), labels);
}

}  // namespace blip::train
