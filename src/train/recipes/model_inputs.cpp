#include "train/recipes/model_inputs.hpp"

#include "train/data/batch_tensors.hpp"

namespace blip::train {

TextBatch texts_on(const torch::Device& device, std::span<const Example> examples,
                   const BertTokenizer& tokenizer, int max_tokens, Padding padding) {
  const TextTensors texts =
      text_tensors(examples, tokenizer, static_cast<std::size_t>(max_tokens), padding);
  return {texts.ids.to(device), texts.mask.to(device)};
}

RankGather gather_of(const ProcessGroup& group) {
  return {group.rank(), group.size(),
          [group](const torch::Tensor& rows) { return group.all_gather(rows.contiguous()); },
          [group](const torch::Tensor& rows) {
            return group.all_gather_with_gradient(rows.contiguous());
          }};
}

NegativeSampler default_sampler(const ObjectiveConfig& objective) {
  return sample_with(at::globalContext().defaultGenerator(torch::kCPU),
                     objective.negative_hardness);
}

}  // namespace blip::train
