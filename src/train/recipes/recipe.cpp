#include "train/recipes/recipe.hpp"

namespace blip::train {

Recipe make_recipe(const TrainingConfig& config, const ProcessGroup& group) {
  if (config.task == Task::clip) return make_clip_recipe(config, group);
  if (config.task == Task::vqgan) return make_vqgan_recipe(config, group);
  if (config.task == Task::draw) return make_draw_recipe(config, group);
  const StartModel start = open_start_model(config, group);
  switch (config.task) {
    case Task::pretrain:
      return make_pretraining_recipe(config, start, group);
    case Task::caption:
      return make_captioning_recipe(config, start, group);
    case Task::retrieval:
      return make_retrieval_recipe(config, start, group);
    case Task::vqa:
      return make_question_answering_recipe(config, start, group);
    case Task::nlvr:
    case Task::clip:
    case Task::vqgan:
    case Task::draw:
      break;
  }
  return make_nlvr_recipe(config, start, group);
}

}  // namespace blip::train
