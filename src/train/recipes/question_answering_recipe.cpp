// Fine-tuning to answer questions: the decoder learns every answer, weighted by who gave it.
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

Recipe make_question_answering_recipe(const TrainingConfig& config, const StartModel& start,
                                      const ProcessGroup& group) {
  const torch::Device device = group.device();
  const auto model = std::make_shared<QuestionAnsweringModel>(
      make_question_answering_model(start.config, model_options(config, device)));
  const auto pictures = std::make_shared<PictureInputs>(config, start, model->vision, device);
  Recipe recipe;
  recipe.prepare = [pictures](ExampleReader& reader) {
    reader.set_feature_cache(pictures->open_cache());
  };
  recipe.rows = RowKind::question;
  recipe.parameters = model->parameters;
  recipe.losses = [=](std::span<const Example> examples, const StepPlace& /*place*/) {
    QuestionAnsweringBatch batch;
    batch.images = (*pictures)(examples);
    batch.questions =
        texts_on(device, examples, start.tokenizer, config.data.max_tokens, Padding::to_longest);
    const AnswerTensors answers =
        answer_tensors(examples, start.tokenizer, static_cast<std::size_t>(config.data.max_tokens));
    batch.answers = {answers.texts.ids.to(device), answers.texts.mask.to(device)};
    batch.answer_counts = answers.counts.to(device);
    batch.weights = answers.weights.to(device);
    return StepLosses{question_answering_loss(*model, batch, language_model_options(config))};
  };
  recipe.description = model_description(model->config, kBlipForQuestionAnswering.name,
                                         start.tokenizer_source, start.images);
  recipe.save = [=](const std::filesystem::path& directory) {
    save_model(model->parameters, model->config, kBlipForQuestionAnswering.name,
               start.tokenizer_source, directory, start.images);
  };
  // On the rank that evaluates: the answers may be those of all the training data.
  if (!config.data.validation.empty() && group.rank() == 0) {
    add_evaluation(
        recipe,
        [answers = candidate_answers(config)](const std::filesystem::path& directory,
                                              const TrainingConfig& settings,
                                              const EvaluationData& data) {
          return evaluate_question_answering(directory, settings, data, answers);
        },
        config, start, group);
  }
  return recipe;
}

}  // namespace blip::train
