#include "train/recipes/evaluations.hpp"

#include <memory>
#include <utility>

namespace blip::train {

void add_evaluation(Recipe& recipe, Evaluator evaluator, const TrainingConfig& config,
                    const PicturePreparation& pictures, const ProcessGroup& group) {
  if (config.data.validation.empty() || group.rank() != 0) return;
  const auto data = std::make_shared<const EvaluationData>(config.data, pictures, recipe.rows);
  recipe.evaluation_note = data->note();
  recipe.evaluate = [evaluator = std::move(evaluator), config,
                     data](const std::filesystem::path& model) {
    return evaluator(model, config, *data);
  };
}

void add_evaluation(Recipe& recipe, Evaluator evaluator, const TrainingConfig& config,
                    const StartModel& start, const ProcessGroup& group) {
  add_evaluation(recipe, std::move(evaluator), config,
                 squashed_pictures(config.model.image_size, start.images), group);
}

}  // namespace blip::train
