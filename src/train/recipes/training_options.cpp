#include "train/recipes/training_options.hpp"

#include <cstddef>

#include "train/optimizer/schedules.hpp"

namespace blip::train {

ModelOptions model_options(const TrainingConfig& config, const torch::Device& device) {
  ModelOptions options;
  options.device = device;
  options.vision.drop_path = config.model.drop_path;
  options.vision.recomputed_blocks = config.model.recompute_layers;
  options.vision.is_backbone_fixed = config.optimizer.backbone_learning_rate_factor == 0.0;
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

ExampleOptions example_options(const TrainingConfig& config, RowKind kind) {
  ExampleOptions options;
  options.image_size = config.model.image_size;
  options.kind = kind;
  options.prompt = config.data.prompt;
  options.captions = static_cast<std::size_t>(config.data.captions_per_image);
  options.max_words = static_cast<std::size_t>(config.data.max_words);
  options.is_augmented = config.data.augment;
  options.has_rand_augment = config.data.rand_augment;
  options.min_crop_area = config.data.min_crop;
  options.is_mirrored_at_times = config.data.flip;
  options.seed = static_cast<std::uint64_t>(config.run.seed);
  options.synthetic_sources = config.objective.synthetic_datasets;
  options.visual_genome_weight = config.objective.single_answer_weight;
  options.bad_picture =
      config.data.bad_pictures == "replace" ? BadPicture::replace : BadPicture::fail;
  options.cache_bytes = static_cast<std::size_t>(config.data.cache_megabytes) << 20U;
  return options;
}

AdamWOptions adamw_options(const OptimizerConfig& config) {
  AdamWOptions options;
  options.beta1 = config.beta1;
  options.beta2 = config.beta2;
  options.eps = config.epsilon;
  options.weight_decay = config.weight_decay;
  options.decay_everything = config.decay_everything;
  options.vision_learning_rate_factor = config.vision_learning_rate_factor;
  options.backbone_learning_rate_factor = config.backbone_learning_rate_factor;
  return options;
}

double learning_rate_at(const TrainingConfig& config, const RunPosition& position,
                        std::int64_t steps) {
  const OptimizerConfig& optimizer = config.optimizer;
  if (optimizer.schedule == "warmup_decay") {
    return learning_rate(WarmupDecaySchedule{.initial = optimizer.learning_rate,
                                             .minimum = optimizer.min_learning_rate,
                                             .warmup_start = optimizer.warmup_learning_rate,
                                             .warmup_steps = optimizer.warmup_steps,
                                             .decay_rate = optimizer.decay_rate},
                         position.epoch, position.step_in_epoch);
  }
  if (optimizer.schedule == "warmup_cosine") {
    return learning_rate(WarmupCosineSchedule{.initial = optimizer.learning_rate,
                                              .minimum = optimizer.min_learning_rate,
                                              .warmup_start = optimizer.warmup_learning_rate,
                                              .warmup_steps = optimizer.warmup_steps,
                                              .steps = steps},
                         position.step);
  }
  return learning_rate(CosineSchedule{.initial = optimizer.learning_rate,
                                      .minimum = optimizer.min_learning_rate,
                                      .epochs = config.run.epochs},
                       position.epoch);
}

}  // namespace blip::train
