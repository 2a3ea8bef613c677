#include "train/recipes/training_loop.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "core/durable_file.hpp"
#include "dataset/dataset.hpp"
#include "train/data/epoch_sampler.hpp"
#include "train/data/example_reader.hpp"
#include "train/data/prefetching_loader.hpp"
#include "train/model/autocast.hpp"
#include "train/recipes/model_selection.hpp"
#include "train/recipes/recipe.hpp"
#include "train/recipes/training_options.hpp"
#include "train/recipes/training_state.hpp"
#include "train/run/launch_environment.hpp"
#include "train/run/loss_monitor.hpp"
#include "train/run/process_group.hpp"
#include "train/run/random_state.hpp"
#include "train/run/run_checkpoint.hpp"
#include "train/run/run_reports.hpp"
#include "train/run/stop_request.hpp"

namespace blip::train {
namespace {

using LogCallback = std::function<void(const std::string&)>;

StepValues values_of(const StepLosses& losses) {
  StepValues values = {{"loss", losses.total.item<double>()}};
  for (const auto& [name, loss] : losses.parts) values.emplace_back(name, loss.item<double>());
  return values;
}

// sum += weight · values
void add_weighted(StepValues& sum, const StepValues& values, double weight) {
  if (sum.empty()) {
    for (const auto& [name, value] : values) sum.emplace_back(name, 0.0);
  }
  for (std::size_t i = 0; i < values.size(); ++i) sum[i].second += weight * values[i].second;
}

// The mean over all processes, which must all call it.
StepValues mean_over(const ProcessGroup& group, StepValues values) {
  if (group.size() == 1) return values;
  std::vector<double> numbers;
  for (const auto& [name, value] : values) numbers.push_back(value);
  const torch::Tensor mean = torch::tensor(numbers, torch::kFloat64).to(group.device());
  group.all_reduce_mean(std::span(&mean, 1));
  const torch::Tensor back = mean.to(torch::kCPU);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i].second = back[static_cast<std::int64_t>(i)].item<double>();
  }
  return values;
}

ProcessGroup join_processes(const RunConfig& run) {
  const LaunchEnvironment launch = read_launch_environment();
  return ProcessGroup::join(launch, training_device(run.device, launch.local_rank),
                            std::chrono::seconds(run.timeout_seconds));
}

// Makes the directory of the run; → the checkpoint to go on with, if there is one.
std::optional<std::filesystem::path> open_run(const std::filesystem::path& run, bool resume,
                                              const ProcessGroup& group) {
  auto checkpoint = checkpoint_to_resume(run, resume);
  std::error_code error;
  std::filesystem::create_directories(run, error);
  if (error) throw WriteError(run, error.value());
  group.barrier();  // nobody writes before all have looked
  return checkpoint;
}

ExampleOptions adapted_options(const TrainingConfig& config, const Recipe& recipe) {
  ExampleOptions options = example_options(config, recipe.rows);
  if (recipe.adapt) recipe.adapt(options);
  return options;
}

EpochSampler make_sampler(const TrainingConfig& config, const ProcessGroup& group,
                          std::size_t rows) {
  const auto ranks = static_cast<std::size_t>(group.size());
  const auto steps = static_cast<std::size_t>(config.optimizer.accumulation_steps);
  EpochSampler sampler({.rows = rows,
                        .batch = static_cast<std::size_t>(config.data.batch) * steps * ranks,
                        .rank = static_cast<std::size_t>(group.rank()),
                        .ranks = ranks,
                        .seed = static_cast<std::uint64_t>(config.run.seed)});
  if (sampler.steps_per_epoch() == 0) {
    throw Error(ErrorCode::invalid_argument,
                "the data have " + std::to_string(rows) + " rows, less than the " +
                    std::to_string(std::int64_t{config.data.batch} *
                                   config.optimizer.accumulation_steps * group.size()) +
                    " of one step");
  }
  return sampler;
}

std::int64_t total_steps(const RunConfig& run, std::int64_t steps_per_epoch) {
  const std::int64_t steps = run.epochs * steps_per_epoch;
  return run.max_steps > 0 ? std::min<std::int64_t>(steps, run.max_steps) : steps;
}

// What became of a step that was taken.
struct StepResult {
  std::int64_t epoch = 0;  // that it belongs to
  double learning_rate = 0;
  StepValues losses;  // of this process
};

class TrainingLoop {
 public:
  TrainingLoop(const TrainingConfig& config, const ProcessGroup& group, const LogCallback& log)
      : config_(config),
        group_(group),
        log_(log),
        recipe_(make_recipe(config, group)),
        reader_(dataset::Dataset::open(config.data.train, {.root = config.data.images}),
                adapted_options(config, recipe_)),
        sampler_(make_sampler(config, group, reader_.rows())),
        steps_per_epoch_(static_cast<std::int64_t>(sampler_.steps_per_epoch())),
        steps_(total_steps(config.run, steps_per_epoch_)),
        state_(config, group, recipe_) {}

  // Restores the checkpoint, or fills a new model, and opens the logs.
  void start(const std::optional<std::filesystem::path>& checkpoint);
  TrainingOutcome run(const StopRequest& stop);

 private:
  StepResult take_step(const Batch& batch);
  void report_replacements(const Batch& batch);
  void report(const StepResult& result);

  const TrainingConfig& config_;
  const ProcessGroup& group_;
  const LogCallback& log_;
  Recipe recipe_;
  ExampleReader reader_;
  EpochSampler sampler_;
  std::int64_t steps_per_epoch_;
  std::int64_t steps_;  // of the whole training
  TrainingState state_;
  std::int64_t first_step_ = 0;  // that were taken before this start
  LossMonitor monitor_;
  // Of rank 0 alone.
  std::optional<RunReports> reports_;
  std::optional<ModelSelection> selection_;
};

void TrainingLoop::start(const std::optional<std::filesystem::path>& checkpoint) {
  const bool is_first = group_.rank() == 0;
  const LogCallback log = is_first ? log_ : LogCallback([](const std::string&) {});
  if (!recipe_.evaluation_note.empty()) log(recipe_.evaluation_note);
  if (checkpoint) {
    state_.restore(*checkpoint, steps_per_epoch_, log);
  } else {
    state_.fill(log);
  }
  state_.share(reader_.rows());
  if (recipe_.prepare) recipe_.prepare(reader_);
  first_step_ = state_.position().step;
  if (!is_first) return;
  reports_.emplace(config_.run.directory, first_step_, log_);
  selection_.emplace(recipe_, config_.run.directory, state_, *reports_);
  selection_->evaluate_if_left_out(steps_);
}

TrainingOutcome TrainingLoop::run(const StopRequest& stop) {
  const RunPosition& position = state_.position();
  PrefetchingLoader loader(
      sampler_, [this](std::size_t row, std::uint32_t epoch) { return reader_.read(row, epoch); },
      {.workers = config_.data.workers,
       .batches_ahead = 4,
       .epoch = static_cast<std::uint32_t>(position.epoch),
       .step = static_cast<std::uint64_t>(position.step_in_epoch)});
  while (position.step < steps_) {
    const Batch batch = loader.next();
    report_replacements(batch);
    const StepResult result = take_step(batch);
    report(result);

    const bool is_last = position.step == steps_;
    const bool is_epoch_over = position.step_in_epoch == 0 || is_last;
    const bool is_stopped = group_.any(stop.requested());
    if (is_epoch_over || is_stopped || position.step % config_.run.checkpoint_interval == 0) {
      state_.save();
    }
    if (is_stopped && !is_last) {
      return {position.step, stop.requested() ? stop.exit_code() : 128 + SIGTERM};
    }
    if (is_epoch_over && selection_) selection_->evaluate(result.epoch);
  }
  return {position.step, 0};
}

StepResult TrainingLoop::take_step(const Batch& batch) {
  const RunPosition position = state_.position();
  const double rate = learning_rate_at(config_, position, steps_);
  const std::span<const Example> examples = batch.examples;
  const std::size_t parts = static_cast<std::size_t>(config_.optimizer.accumulation_steps);
  const std::size_t part = examples.size() / parts;
  StepResult result{position.epoch, rate, {}};
  double weight = 0;
  for (std::size_t i = 0; i < parts; ++i) {
    StepLosses losses;
    {
      const Autocast autocast(config_.run.precision == "bfloat16", group_.device());
      losses = recipe_.losses(examples.subspan(i * part, part),
                              {position.epoch, position.step_in_epoch, steps_per_epoch_});
    }
    if (parts == 1) losses.weight = 1;
    add_weighted(result.losses, values_of(losses), losses.weight);
    weight += losses.weight;
    (parts == 1 ? losses.total : losses.total * losses.weight).backward();
  }
  if (parts > 1) {
    for (auto& [name, value] : result.losses) value /= weight;
    state_.divide_gradients(weight);
  }
  monitor_.add(position.step + 1, result.losses);
  state_.update(rate, steps_per_epoch_);
  return result;
}

void TrainingLoop::report_replacements(const Batch& batch) {
  for (const Example& example : batch.examples) {
    if (example.replacement.empty()) continue;
    const std::string text = "left out: " + example.replacement;
    if (reports_) {
      reports_->message(text);
    } else {
      log_(text);
    }
  }
}

void TrainingLoop::report(const StepResult& result) {
  const std::int64_t step = state_.position().step;
  if (step % config_.run.log_interval == 0 || step == steps_) {
    StepValues line = {{"learning_rate", result.learning_rate}};
    const StepValues mean = mean_over(group_, result.losses);
    line.insert(line.end(), mean.begin(), mean.end());
    if (reports_) reports_->write(step, result.epoch, line);
  }
  if (!reports_) return;
  reports_->draw_progress({step, steps_, first_step_, result.epoch, config_.run.epochs},
                          result.losses);
  if (const auto hint = monitor_.hint()) reports_->message(*hint);
}

}  // namespace

TrainingOutcome run_training(const TrainingConfig& config, bool resume, const LogCallback& log) {
  const StopRequest stop;
  const ProcessGroup group = join_processes(config.run);
  check_config(config, group.size());
  seed_generators(static_cast<std::uint64_t>(config.run.seed), group.rank());
  const auto checkpoint = open_run(config.run.directory, resume, group);

  TrainingLoop loop(config, group, log);
  loop.start(checkpoint);
  return loop.run(stop);
}

}  // namespace blip::train
