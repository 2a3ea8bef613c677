// Fine-tuning for retrieval, which makes CapFilt's filter, too: contrastive and matching losses.
#include <memory>
#include <string>
#include <vector>

#include "architectures/blip/architectures.hpp"
#include "checkpoint/model_directory.hpp"
#include "train/data/batch_tensors.hpp"
#include "train/data/example_reader.hpp"
#include "train/model/models.hpp"
#include "train/model/save_model.hpp"
#include "train/model/sentence_encoder.hpp"
#include "train/objectives/sentence_space.hpp"
#include "train/objectives/training_losses.hpp"
#include "train/optimizer/schedules.hpp"
#include "train/recipes/evaluations.hpp"
#include "train/recipes/model_inputs.hpp"
#include "train/recipes/picture_inputs.hpp"
#include "train/recipes/recipe.hpp"
#include "train/recipes/training_options.hpp"

namespace blip::train {

Recipe make_retrieval_recipe(const TrainingConfig& config, const StartModel& start,
                             const ProcessGroup& group) {
  const torch::Device device = group.device();
  const auto model = std::make_shared<RetrievalModel>(
      make_retrieval_model(start.config, model_options(config, device)));
  const auto pictures =
      std::make_shared<PictureInputs>(config, start, model->online.vision, device);
  // What pictures learn of a sentence encoder: by a layer that is the run's, not the model's.
  std::shared_ptr<SentenceEncoder> sentences;
  Linear sentence_projection;
  if (!config.objective.sentence_space.empty()) {
    sentences =
        std::make_shared<SentenceEncoder>(resolve_model(config.objective.sentence_space), device);
    sentence_projection = add_head(model->parameters, "sentence_proj", sentences->width(),
                                   start.config.vision_config.hidden_size, Role::trained);
  }
  Recipe recipe;
  recipe.prepare = [pictures](ExampleReader& reader) {
    reader.set_feature_cache(pictures->open_cache());
  };
  recipe.rows = RowKind::caption;
  recipe.parameters = model->parameters;
  recipe.losses = [=, sampler = default_sampler(config.objective), gather = gather_of(group)](
                      std::span<const Example> examples, const StepPlace& place) {
    RetrievalBatch batch;
    batch.images = (*pictures)(examples);
    // To the same length always: other processes gather the texts.
    batch.texts =
        texts_on(device, examples, start.tokenizer, config.data.max_tokens, Padding::to_maximum);
    batch.image_ids = image_numbers(examples).to(device);
    const ObjectiveConfig& objective = config.objective;
    const double alpha = momentum_share(objective.alpha, objective.alpha_ramp_epochs, place.epoch,
                                        place.step_in_epoch, place.steps_per_epoch);
    const NegativesFrom negatives =
        objective.negatives_from_all_ranks ? NegativesFrom::all_ranks : NegativesFrom::own_rank;
    const RetrievalLosses losses =
        retrieval_losses(*model, batch, alpha, negatives, sampler, gather,
                         objective.matching_weight > 0 ? Matching::learnt : Matching::left_out);
    StepLosses step{objective.contrastive_weight * losses.contrastive +
                        objective.matching_weight * losses.matching,
                    {{"contrastive", losses.contrastive}, {"matching", losses.matching}}};
    if (sentences) {
      std::vector<std::string> texts;
      for (const Example& example : examples) texts.push_back(example.text);
      const torch::Tensor images =
          to_unit_length(linear(sentence_projection, losses.image_states.select(1, 0)));
      const torch::Tensor loss = sentence_space_loss(images, (*sentences)(texts), batch.image_ids);
      step.total = step.total + objective.sentence_weight * loss;
      step.parts.emplace_back("sentence", loss);
    }
    return step;
  };
  recipe.description = model_description(model->config, kBlipForImageTextRetrieval.name,
                                         start.tokenizer_source, start.images);
  recipe.save = [=](const std::filesystem::path& directory) {
    save_model(model->parameters, model->config, kBlipForImageTextRetrieval.name,
               start.tokenizer_source, directory, start.images);
  };
  add_evaluation(recipe, evaluate_retrieval, config, start, group);
  return recipe;
}

}  // namespace blip::train
