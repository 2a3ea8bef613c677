// How good a model is on data.validation, by the protocols of the paper's code.
//
// The engine evaluates, not the model in training (but for a VQGAN and a DALL-E, whose validation
// is their loss): what is measured is the saved model, by the code that will use it; beam search,
// ranking and matching exist there once; and it is faster than libtorch, which has no cache of keys
// and values here.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "train/recipes/evaluation_data.hpp"
#include "train/recipes/recipe.hpp"
#include "train/recipes/start_model.hpp"
#include "train/run/process_group.hpp"
#include "train/run/training_config.hpp"

namespace blip::train {

/// Evaluates a directory that save_model has written.
using Evaluator = std::function<Evaluation(const std::filesystem::path& model,
                                           const TrainingConfig&, const EvaluationData&)>;

/// Makes `evaluator` what `recipe` evaluates by. Opens data.validation now, so that what is wrong
/// with it is known before anything is trained. Does nothing without validation data, and on other
/// ranks than the first, which alone evaluates.
void add_evaluation(Recipe& recipe, Evaluator evaluator, const TrainingConfig& config,
                    const PicturePreparation& pictures, const ProcessGroup& group);
/// The same for a BLIP.
void add_evaluation(Recipe& recipe, Evaluator evaluator, const TrainingConfig& config,
                    const StartModel& start, const ProcessGroup& group);

// They throw what reading the pictures and the model throws.

/// Beam search from the prompt; "bleu4" and "cider" as pycocoevalcap counts them. Selected by their
/// sum.
Evaluation evaluate_captions(const std::filesystem::path& model, const TrainingConfig& config,
                             const EvaluationData& data);

/// Cosines, of which evaluation.candidates per image and per text are ranked anew by matching logit
/// plus cosine; recall at 1 and 5 either way. Selected by the mean recall.
Evaluation evaluate_retrieval(const std::filesystem::path& model, const TrainingConfig& config,
                              const EvaluationData& data);

/// Cosines alone, of captions as they are stored; the same scores. Selected likewise.
Evaluation evaluate_clip(const std::filesystem::path& model, const TrainingConfig& config,
                         const EvaluationData& data);

/// What evaluate_question_answering chooses from: the lines of evaluation.answers, or the most
/// frequent answers of the training data. Throws what reading them throws.
std::vector<std::string> candidate_answers(const TrainingConfig& config);

/// Of the evaluation.candidates `answers` with the likeliest first token, the one that the decoder
/// finds likeliest; "accuracy" as the official VQA evaluation has it. Selected by it.
Evaluation evaluate_question_answering(const std::filesystem::path& model,
                                       const TrainingConfig& config, const EvaluationData& data,
                                       const std::vector<std::string>& answers);

/// "accuracy" of the statements, without the left-right swap of training. Selected by it.
Evaluation evaluate_nlvr(const std::filesystem::path& model, const TrainingConfig& config,
                         const EvaluationData& data);

}  // namespace blip::train
