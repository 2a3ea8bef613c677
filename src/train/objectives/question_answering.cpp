#include "blip/error.hpp"
#include "train/objectives/training_losses.hpp"

namespace blip::train {

torch::Tensor question_answering_loss(const QuestionAnsweringModel& model,
                                      const QuestionAnsweringBatch& batch,
                                      const LanguageModelOptions& options) {
  constexpr bool kTraining = true;
  const std::int64_t images = batch.images.size(0);
  const auto answers = batch.answer_counts.sum().item<std::int64_t>();
  if (answers != batch.answers.ids.size(0) || answers != batch.weights.size(0)) {
    throw Error(ErrorCode::invalid_argument,
                "the questions count " + std::to_string(answers) + " answers, but there are " +
                    std::to_string(batch.answers.ids.size(0)) + ", with " +
                    std::to_string(batch.weights.size(0)) + " weights");
  }
  const torch::Tensor image_states = model.vision.forward(batch.images, kTraining);
  const TextBatch questions =
      with_first_token(batch.questions, encoder_token(model.config.text_config));
  const torch::Tensor question_states =
      model.encoder.encode(questions, CrossStates{{image_states}, {}}, kTraining);  // [B, Tq, H]

  // Every answer reads the states of its question.
  const CrossStates states = {{question_states}, questions.mask, batch.answer_counts};
  const TextBatch texts = with_first_token(batch.answers, decoder_token(model.config.text_config));
  TextTransformer decoder = model.decoder;
  decoder.skips_padding = options.smoothing == Smoothing::of_targets;
  const torch::Tensor logits =
      model.language_model_head.logits(decoder.decode(texts, states, kTraining));
  const torch::Tensor losses =
      token_losses(logits, language_model_targets(texts), options).sum(1);  // [A]
  return (batch.weights * losses).sum() / static_cast<double>(images);
}

}  // namespace blip::train
