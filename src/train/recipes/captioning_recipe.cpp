// Fine-tuning for captions: the decoder learns to continue the prompt.
#include <memory>

#include "architectures/blip/architectures.hpp"
#include "train/data/batch_tensors.hpp"
#include "train/data/example_reader.hpp"
#include "train/model/models.hpp"
#include "train/model/save_model.hpp"
#include "train/objectives/language_modeling.hpp"
#include "train/objectives/training_losses.hpp"
#include "train/recipes/evaluations.hpp"
#include "train/recipes/model_inputs.hpp"
#include "train/recipes/picture_inputs.hpp"
#include "train/recipes/recipe.hpp"
#include "train/recipes/self_critical_captions.hpp"
#include "train/recipes/training_options.hpp"

namespace blip::train {
namespace {

// With [CLS], without [SEP].
std::int64_t prompt_tokens(const BertTokenizer& tokenizer, const std::string& prompt) {
  return static_cast<std::int64_t>(
             tokenizer.encode(prompt, {.add_special_tokens = true, .parse_special_tokens = false})
                 .size()) -
         1;
}

}  // namespace

Recipe make_captioning_recipe(const TrainingConfig& config, const StartModel& start,
                              const ProcessGroup& group) {
  const torch::Device device = group.device();
  const auto model = std::make_shared<CaptioningModel>(
      make_captioning_model(start.config, model_options(config, device)));
  const auto pictures = std::make_shared<PictureInputs>(config, start, model->vision, device);
  Recipe recipe;
  const auto self_critical = config.objective.self_critical
                                 ? std::make_shared<SelfCriticalCaptions>(config, start)
                                 : nullptr;
  recipe.prepare = [pictures, self_critical](ExampleReader& reader) {
    reader.set_feature_cache(pictures->open_cache());
    if (self_critical) self_critical->prepare(reader);
  };
  recipe.rows = RowKind::caption;
  recipe.parameters = model->parameters;
  recipe.losses = [=](std::span<const Example> examples, const StepPlace& /*place*/) {
    CaptioningBatch batch;
    batch.images = (*pictures)(examples);
    batch.texts =
        texts_on(device, examples, start.tokenizer, config.data.max_tokens, Padding::to_longest);
    if (config.data.captions_per_image > 1 || self_critical) {
      batch.caption_counts = text_counts(examples).to(device);
    }
    batch.prompt_tokens = prompt_tokens(start.tokenizer, config.data.prompt);
    if (self_critical) return self_critical->losses(*model, examples, batch);
    StepLosses losses{captioning_loss(*model, batch, language_model_options(config))};
    if (config.optimizer.accumulation_steps > 1) {
      losses.weight = static_cast<double>(
          count_targets(language_model_targets(batch.texts, batch.prompt_tokens)));
    }
    return losses;
  };
  recipe.description = model_description(model->config, kBlipForConditionalGeneration.name,
                                         start.tokenizer_source, start.images);
  recipe.save = [=](const std::filesystem::path& directory) {
    save_model(model->parameters, model->config, kBlipForConditionalGeneration.name,
               start.tokenizer_source, directory, start.images);
  };
  add_evaluation(recipe, evaluate_captions, config, start, group);
  return recipe;
}

}  // namespace blip::train
