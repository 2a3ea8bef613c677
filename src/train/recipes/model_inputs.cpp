#include "train/recipes/model_inputs.hpp"

#include "train/data/batch_tensors.hpp"

namespace blip::train {

ModelOptions model_options(const TrainingConfig& config, const torch::Device& device) {
  ModelOptions options;
  options.device = device;
  options.vision.drop_path = config.model.drop_path;
  options.vision.recomputed_blocks = config.model.recompute_layers;
  options.text_dropout = config.model.dropout;
  options.queue_size = config.objective.queue_size;
  options.momentum = config.objective.momentum;
  return options;
}

LanguageModelOptions language_model_options(const TrainingConfig& config) {
  LanguageModelOptions options;
  options.label_smoothing = config.objective.label_smoothing;
  return options;
}

torch::Tensor pictures_on(const torch::Device& device, std::span<const Example> examples,
                          std::size_t which) {
  return picture_tensor(examples, which).to(device);
}

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
