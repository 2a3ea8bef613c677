#include "train/recipes/evaluations.hpp"

#include <memory>
#include <utility>

namespace blip::train {

std::function<Evaluation(const std::filesystem::path& model)> evaluation_by(
    Judge judge, const TrainingConfig& config, const StartModel& start, const ProcessGroup& group) {
  if (config.data.validation.empty() || group.rank() != 0) return {};
  const auto data =
      std::make_shared<const EvaluationData>(config.data, start.config.vision_config.image_size);
  return [judge = std::move(judge), config, data](const std::filesystem::path& model) {
    return judge(model, config, *data);
  };
}

}  // namespace blip::train
