#include "train/recipes/model_selection.hpp"

#include <map>
#include <string>
#include <system_error>
#include <utility>

#include "core/durable_file.hpp"
#include "train/run/run_checkpoint.hpp"

namespace blip::train {
namespace {

// Numbers that a checkpoint keeps: the highest selection so far, and the last step whose model was
// evaluated.
constexpr const char* kBestScore = "best_score";
constexpr const char* kEvaluatedStep = "judged_step";

// Under another name first: readers find the old model or the new one, never a part of one.
void save_whole(const Recipe& recipe, const std::filesystem::path& directory) {
  const std::filesystem::path partial =
      directory.parent_path() / (".partial-" + directory.filename().string());
  std::error_code error;
  std::filesystem::remove_all(partial, error);
  std::filesystem::create_directories(partial, error);
  if (error) throw WriteError(partial, error.value());
  recipe.save(partial);
  replace_directory(partial, directory);
}

std::string text_of(const StepValues& values) {
  std::string text;
  for (const auto& [name, value] : values) {
    text += (text.empty() ? "" : ", ") + name + " " + std::to_string(value);
  }
  return text;
}

bool is_evaluated(const std::map<std::string, double>& numbers, std::int64_t step) {
  const auto evaluated = numbers.find(kEvaluatedStep);
  return evaluated != numbers.end() && evaluated->second == static_cast<double>(step);
}

}  // namespace

ModelSelection::ModelSelection(const Recipe& recipe, std::filesystem::path run,
                               TrainingState& state, RunReports& reports)
    : recipe_(recipe), run_(std::move(run)), state_(state), reports_(reports) {}

void ModelSelection::evaluate(std::int64_t epoch) {
  std::map<std::string, double>& numbers = state_.numbers();
  const std::int64_t step = state_.position().step;
  const auto shown = state_.show_average();
  save_whole(recipe_, run_ / "model");
  if (recipe_.evaluate) {
    const Evaluation evaluation = recipe_.evaluate(run_ / "model");
    reports_.write(step, epoch, evaluation.scores);
    const auto best = numbers.find(kBestScore);
    const bool is_best = best == numbers.end() || evaluation.selection > best->second;
    if (is_best) {
      numbers[kBestScore] = evaluation.selection;
      save_whole(recipe_, run_ / "best");
    }
    reports_.message("epoch " + std::to_string(epoch + 1) + ": " + text_of(evaluation.scores) +
                     (is_best ? " (best)" : ""));
  }
  numbers[kEvaluatedStep] = static_cast<double>(step);
  if (const auto latest = find_latest_checkpoint(run_)) replace_numbers(*latest, numbers);
}

void ModelSelection::evaluate_if_left_out(std::int64_t steps) {
  const RunPosition& position = state_.position();
  const bool is_epoch_over = position.step_in_epoch == 0;
  if (position.step == 0 || is_evaluated(state_.numbers(), position.step)) return;
  if (is_epoch_over || position.step >= steps) {
    evaluate(is_epoch_over ? position.epoch - 1 : position.epoch);
  }
}

}  // namespace blip::train
