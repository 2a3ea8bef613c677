#include "train/recipes/evaluations.hpp"

#include <memory>
#include <utility>

namespace blip::train {

void add_evaluation(Recipe& recipe, Evaluator evaluator, const TrainingConfig& config,
                    const StartModel& start, const ProcessGroup& group) {
  if (config.data.validation.empty() || group.rank() != 0) return;
  const auto data = std::make_shared<const EvaluationData>(config.data, config.model.image_size,
                                                           start.images, recipe.rows);
  recipe.evaluation_note = data->note();
  recipe.evaluate = [evaluator = std::move(evaluator), config,
                     data](const std::filesystem::path& model) {
    return evaluator(model, config, *data);
  };
}

}  // namespace blip::train
