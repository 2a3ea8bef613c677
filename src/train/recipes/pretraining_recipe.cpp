// Pre-training: contrastive, matching and language modelling losses together.
#include <memory>

#include "architectures/blip/architectures.hpp"
#include "train/data/example_reader.hpp"
#include "train/model/models.hpp"
#include "train/model/save_model.hpp"
#include "train/objectives/training_losses.hpp"
#include "train/optimizer/schedules.hpp"
#include "train/recipes/model_inputs.hpp"
#include "train/recipes/picture_inputs.hpp"
#include "train/recipes/recipe.hpp"
#include "train/recipes/training_options.hpp"

namespace blip::train {

Recipe make_pretraining_recipe(const TrainingConfig& config, const StartModel& start,
                               const ProcessGroup& group) {
  const torch::Device device = group.device();
  const auto model = std::make_shared<PretrainingModel>(
      make_pretraining_model(start.config, model_options(config, device)));
  const auto pictures =
      std::make_shared<PictureInputs>(config, start, model->online.vision, device);
  Recipe recipe;
  recipe.prepare = [pictures](ExampleReader& reader) {
    reader.set_feature_cache(pictures->open_cache());
  };
  recipe.rows = RowKind::caption;
  recipe.parameters = model->parameters;
  recipe.losses = [=, sampler = default_sampler(config.objective), gather = gather_of(group)](
                      std::span<const Example> examples, const StepPlace& place) {
    PretrainingBatch batch;
    batch.images = (*pictures)(examples);
    // To the same length always: other processes gather what comes of it.
    batch.texts =
        texts_on(device, examples, start.tokenizer, config.data.max_tokens, Padding::to_maximum);
    const ObjectiveConfig& objective = config.objective;
    const double alpha = momentum_share(objective.alpha, objective.alpha_ramp_epochs, place.epoch,
                                        place.step_in_epoch, place.steps_per_epoch);
    const PretrainingLosses losses =
        pretraining_losses(*model, batch, alpha, sampler, gather, language_model_options(config));
    return StepLosses{objective.contrastive_weight * losses.contrastive +
                          objective.matching_weight * losses.matching +
                          objective.language_weight * losses.language_model,
                      {{"contrastive", losses.contrastive},
                       {"matching", losses.matching},
                       {"language", losses.language_model}}};
  };
  recipe.description = model_description(model->config, kBlipForImageTextRetrieval.name,
                                         start.tokenizer_source, start.images);
  recipe.save = [=](const std::filesystem::path& directory) {
    save_model(model->parameters, model->config, kBlipForConditionalGeneration.name,
               start.tokenizer_source, directory / "captioning", start.images);
    save_model(model->parameters, model->config, kBlipForImageTextRetrieval.name,
               start.tokenizer_source, directory / "retrieval", start.images);
  };
  return recipe;
}

}  // namespace blip::train
