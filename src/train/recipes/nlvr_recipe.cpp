// Fine-tuning for NLVR2: whether a statement about two images is true.
#include <memory>

#include "architectures/blip/architectures.hpp"
#include "train/data/batch_tensors.hpp"
#include "train/data/example_reader.hpp"
#include "train/model/models.hpp"
#include "train/model/save_model.hpp"
#include "train/objectives/training_losses.hpp"
#include "train/recipes/evaluations.hpp"
#include "train/recipes/model_inputs.hpp"
#include "train/recipes/picture_inputs.hpp"
#include "train/recipes/recipe.hpp"
#include "train/recipes/training_options.hpp"

namespace blip::train {

Recipe make_nlvr_recipe(const TrainingConfig& config, const StartModel& start,
                        const ProcessGroup& group) {
  const torch::Device device = group.device();
  const auto model =
      std::make_shared<NlvrModel>(make_nlvr_model(start.config, model_options(config, device)));
  const auto pictures = std::make_shared<PictureInputs>(config, start, model->vision, device);
  Recipe recipe;
  recipe.prepare = [pictures](ExampleReader& reader) {
    reader.set_feature_cache(pictures->open_cache());
  };
  recipe.rows = RowKind::statement;
  recipe.parameters = model->parameters;
  recipe.losses = [=](std::span<const Example> examples, const StepPlace& /*place*/) {
    NlvrBatch batch;
    batch.left = (*pictures)(examples, 0);
    batch.right = (*pictures)(examples, 1);
    batch.statements =
        texts_on(device, examples, start.tokenizer, config.data.max_tokens, Padding::to_longest);
    batch.labels = statement_labels(examples).to(device);
    return StepLosses{nlvr_loss(*model, batch)};
  };
  recipe.description =
      model_description(model->config, kBlipForNLVR.name, start.tokenizer_source, start.images);
  recipe.save = [=](const std::filesystem::path& directory) {
    save_model(model->parameters, model->config, kBlipForNLVR.name, start.tokenizer_source,
               directory, start.images);
  };
  add_evaluation(recipe, evaluate_nlvr, config, start, group);
  return recipe;
}

}  // namespace blip::train
