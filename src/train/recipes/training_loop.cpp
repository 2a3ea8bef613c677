#include "train/recipes/training_loop.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
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
#include "train/model/feature_queue.hpp"
#include "train/optimizer/adamw.hpp"
#include "train/optimizer/schedules.hpp"
#include "train/recipes/rank_agreement.hpp"
#include "train/recipes/recipe.hpp"
#include "train/run/event_file.hpp"
#include "train/run/launch_environment.hpp"
#include "train/run/random_state.hpp"
#include "train/run/resumed_run.hpp"
#include "train/run/run_checkpoint.hpp"
#include "train/run/run_log.hpp"
#include "train/run/stop_request.hpp"
#include "train/run/process_group.hpp"
#include "train/run/training_guards.hpp"
#include "train/run/training_progress.hpp"

namespace blip::train {
namespace {

using Tell = std::function<void(const std::string&)>;

// Numbers that a checkpoint keeps: the highest selection so far, and the last step that was judged.
constexpr const char* kBestScore = "best_score";
constexpr const char* kJudgedStep = "judged_step";

ExampleOptions example_options(const TrainingConfig& config, RowKind kind) {
  ExampleOptions options;
  options.image_size = config.model.image_size;
  options.kind = kind;
  options.prompt = config.data.prompt;
  options.captions = static_cast<std::size_t>(config.data.captions_per_image);
  options.max_words = static_cast<std::size_t>(config.data.max_words);
  options.is_augmented = config.data.augment;
  options.has_rand_augment = config.data.rand_augment;
  options.min_crop_area = config.data.min_crop;
  options.seed = static_cast<std::uint64_t>(config.run.seed);
  options.visual_genome_weight = config.objective.single_answer_weight;
  options.bad_picture =
      config.data.bad_pictures == "replace" ? BadPicture::replace : BadPicture::fail;
  options.cache_bytes = static_cast<std::size_t>(config.data.cache_megabytes) << 20U;
  return options;
}

AdamWOptions adamw_options(const OptimizerConfig& config) {
  AdamWOptions options;
  options.beta1 = config.beta1;
  options.beta2 = config.beta2;
  options.eps = config.epsilon;
  options.weight_decay = config.weight_decay;
  options.decay_everything = config.decay_everything;
  options.vision_learning_rate_factor = config.vision_learning_rate_factor;
  return options;
}

double rate_at(const TrainingConfig& config, const RunPosition& position, std::int64_t steps) {
  const OptimizerConfig& optimizer = config.optimizer;
  if (optimizer.schedule == "warmup_decay") {
    return learning_rate(WarmupDecaySchedule{.initial = optimizer.learning_rate,
                                             .minimum = optimizer.min_learning_rate,
                                             .warmup_start = optimizer.warmup_learning_rate,
                                             .warmup_steps = optimizer.warmup_steps,
                                             .decay_rate = optimizer.decay_rate},
                         position.epoch, position.step_in_epoch);
  }
  if (optimizer.schedule == "warmup_cosine") {
    return learning_rate(WarmupCosineSchedule{.initial = optimizer.learning_rate,
                                              .minimum = optimizer.min_learning_rate,
                                              .warmup_start = optimizer.warmup_learning_rate,
                                              .warmup_steps = optimizer.warmup_steps,
                                              .steps = steps},
                         position.step);
  }
  return learning_rate(CosineSchedule{.initial = optimizer.learning_rate,
                                      .minimum = optimizer.min_learning_rate,
                                      .epochs = config.run.epochs},
                       position.epoch);
}

StepValues values_of(const StepLosses& losses) {
  StepValues values = {{"loss", losses.total.item<double>()}};
  for (const auto& [name, loss] : losses.parts) values.emplace_back(name, loss.item<double>());
  return values;
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

// Under another name first: whoever looks for the model finds the old one or the new one.
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

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

// What one process writes for people: rank 0.
struct Reports {
  Reports(const std::filesystem::path& run, std::int64_t first_step)
      : log(run, first_step), events(run, first_step), progress(true) {}

  void write(std::int64_t step, std::int64_t epoch, const StepValues& values) const {
    log.write(step, epoch, values);
    events.write(step, values);
  }

  RunLog log;
  EventFile events;
  TrainingProgress progress;
};

// Puts the state of a checkpoint into the model and the optimizer; → what has changed since then.
std::vector<std::string> restore(const RunState& state, const TrainingConfig& config,
                                 const std::string& checkpoint, Parameters& parameters,
                                 AdamW& optimizer) {
  std::vector<std::string> changed = changed_keys(state.configuration, config_as_json(config));
  try {
    parameters.load_state(state.model);
    optimizer.load_state(state.optimizer);
  } catch (const Error& error) {
    throw Error(error.code(), checkpoint + ": " + error.what() +
                                  (changed.empty() ? "" : "; changed since: " + joined(changed)));
  }
  return changed;
}

std::string text_of(const StepValues& values) {
  std::string text;
  for (const auto& [name, value] : values) {
    text += (text.empty() ? "" : ", ") + name + " " + std::to_string(value);
  }
  return text;
}

}  // namespace

TrainingOutcome run_training(const TrainingConfig& config, bool resume, const Tell& tell) {
  // The processes, and what is random.
  const StopRequest stop;
  const LaunchEnvironment launch = read_launch_environment();
  const torch::Device device = training_device(config.run.device, launch.local_rank);
  const ProcessGroup group =
      ProcessGroup::join(launch, device, std::chrono::seconds(config.run.timeout_seconds));
  check_config(config, group.size());
  const bool is_first = group.rank() == 0;
  seed_generators(static_cast<std::uint64_t>(config.run.seed), group.rank());

  // The run: a new one, or where it was.
  const std::filesystem::path run = config.run.directory;
  const auto checkpoint = checkpoint_to_resume(run, resume);
  std::error_code error;
  std::filesystem::create_directories(run, error);
  if (error) throw WriteError(run, error.value());
  group.barrier();  // nobody writes before all have looked

  // The data.
  const StartModel start = open_start_model(config, group);
  Recipe recipe = make_recipe(config, start, group);
  const ExampleReader reader(
      dataset::Dataset::open(config.data.train, {.root = config.data.images}),
      example_options(config, recipe.rows));
  const EpochSampler sampler({.rows = reader.rows(),
                              .batch = static_cast<std::size_t>(config.data.batch) *
                                       static_cast<std::size_t>(group.size()),
                              .rank = static_cast<std::size_t>(group.rank()),
                              .ranks = static_cast<std::size_t>(group.size()),
                              .seed = static_cast<std::uint64_t>(config.run.seed)});
  const auto steps_per_epoch = static_cast<std::int64_t>(sampler.steps_per_epoch());
  if (steps_per_epoch == 0) {
    throw Error(ErrorCode::invalid_argument,
                "the data have " + std::to_string(reader.rows()) + " rows, less than the " +
                    std::to_string(config.data.batch * group.size()) + " of one step");
  }
  std::int64_t steps = config.run.epochs * steps_per_epoch;
  if (config.run.max_steps > 0) steps = std::min<std::int64_t>(steps, config.run.max_steps);

  // The model and the optimizer.
  Parameters& parameters = recipe.parameters;
  AdamW optimizer(parameters.trained(), adamw_options(config.optimizer));
  if (config.optimizer.vision_learning_rate_factor == 0.0) {  // its backward pass can be left out
    for (auto& [name, tensor] : parameters.trained()) {
      if (is_of_vision_tower(name)) tensor.set_requires_grad(false);
    }
  }
  const std::int64_t rows_of_a_step =
      std::int64_t{config.data.batch} * config.data.captions_per_image * group.size();
  RunPosition position;
  std::map<std::string, double> numbers;
  if (checkpoint) {
    const RunState state = load_checkpoint(*checkpoint);
    const std::vector<std::string> changed =
        restore(state, config, checkpoint->string(), parameters, optimizer);
    position =
        position_in_steps_of(rows_of_a_step, rows_of_step(state), steps_per_epoch, state.position);
    if (rows_of_step(state) != rows_of_a_step) rewind_queues(parameters);
    numbers = state.numbers;
    const bool is_random_restored =
        restore_random_state(state.random, group.rank(), device, checkpoint->string());
    if (is_first) {
      tell("going on after step " + std::to_string(position.step));
      if (!changed.empty()) tell("changed since then: " + joined(changed));
      if (state.processes != group.size() || !is_random_restored) {
        tell(
            "another number of processes or another device than before: not the same run bit for "
            "bit");
      }
    }
  } else {
    fill_parameters(parameters, config, is_first ? tell : Tell([](const std::string&) {}));
  }
  require_same_start(group, position, reader.rows());
  {
    std::vector<torch::Tensor> tensors;
    for (const auto& [name, tensor] : parameters.named_state()) tensors.push_back(tensor);
    group.broadcast(tensors);
  }
  std::vector<torch::Tensor> trained;
  for (const auto& [name, tensor] : parameters.trained()) trained.push_back(tensor);

  const auto save = [&] {
    require_agreement(group, parameters.named_state());
    RunState state;
    state.position = position;
    state.random = collect_random_states(group, device);
    if (is_first) {
      state.model = parameters.named_state();
      state.optimizer = optimizer.named_state();
      state.processes = group.size();
      state.configuration = config_as_json(config);
      state.numbers = numbers;
      state.description = recipe.description;
      save_checkpoint(run, state, config.run.keep_checkpoints);
    }
    group.barrier();
  };

  std::optional<Reports> reports;
  if (is_first) reports.emplace(run, position.step);
  // Rank 0 judges the model of an epoch, the others wait. It comes after the checkpoint, which
  // nothing that fails here can take away; a run that is stopped before it is over judges when it
  // goes on.
  const auto judge = [&](std::int64_t epoch) {
    save_whole(recipe, run / "model");
    if (recipe.evaluate) {
      const Evaluation evaluation = recipe.evaluate(run / "model");
      reports->write(position.step, epoch, evaluation.scores);
      const auto best = numbers.find(kBestScore);
      const bool is_best = best == numbers.end() || evaluation.selection > best->second;
      if (is_best) {
        numbers[kBestScore] = evaluation.selection;
        save_whole(recipe, run / "best");
      }
      reports->progress.clear();
      tell("epoch " + std::to_string(epoch + 1) + ": " + text_of(evaluation.scores) +
           (is_best ? " (best)" : ""));
    }
    numbers[kJudgedStep] = static_cast<double>(position.step);
    if (const auto latest = find_latest_checkpoint(run)) replace_numbers(*latest, numbers);
  };
  const auto is_judged_at = [&](std::int64_t step) {
    const auto judged = numbers.find(kJudgedStep);
    return judged != numbers.end() && judged->second == static_cast<double>(step);
  };
  const bool stopped_before_judging = checkpoint && position.step > 0 &&
                                      (position.step_in_epoch == 0 || position.step >= steps) &&
                                      !is_judged_at(position.step);
  if (is_first && stopped_before_judging) {
    judge(position.step_in_epoch == 0 ? position.epoch - 1 : position.epoch);
  }

  TrainingGuards guards;
  PrefetchingLoader loader(
      sampler, [&](std::size_t row, std::uint32_t epoch) { return reader.read(row, epoch); },
      {.workers = config.data.workers,
       .batches_ahead = 4,
       .epoch = static_cast<std::uint32_t>(position.epoch),
       .step = static_cast<std::uint64_t>(position.step_in_epoch)});
  const std::int64_t first_step = position.step;
  std::int64_t saved_step = checkpoint ? position.step : -1;

  while (position.step < steps) {
    const Batch batch = loader.next();
    for (const Example& example : batch.examples) {
      if (example.replacement.empty()) continue;
      if (reports) reports->progress.clear();
      tell("left out: " + example.replacement);
    }
    const double rate = rate_at(config, position, steps);

    StepLosses losses;
    {
      const Autocast autocast(config.run.precision == "bfloat16", device);
      losses =
          recipe.losses(batch.examples, {position.epoch, position.step_in_epoch, steps_per_epoch});
    }
    const StepValues values = values_of(losses);
    guards.check(position.step + 1, values);
    losses.total.backward();
    group.average_gradients(trained);
    optimizer.step(rate);
    parameters.zero_grad();

    const std::int64_t epoch = position.epoch;
    ++position.step;
    if (++position.step_in_epoch == steps_per_epoch) {
      ++position.epoch;
      position.step_in_epoch = 0;
    }
    const bool epoch_ends = position.step_in_epoch == 0;
    const bool is_last = position.step == steps;

    if (position.step % config.run.log_interval == 0 || is_last) {
      StepValues line = {{"learning_rate", rate}};
      const StepValues mean = mean_over(group, values);
      line.insert(line.end(), mean.begin(), mean.end());
      if (reports) reports->write(position.step, epoch, line);
    }
    if (reports) {
      reports->progress.draw({position.step, steps, first_step, epoch, config.run.epochs}, values);
      if (const auto hint = guards.hint()) {
        reports->progress.clear();
        tell(*hint);
      }
    }

    const bool stops = group.any(stop.requested());
    if (epoch_ends || is_last || stops || position.step % config.run.checkpoint_interval == 0) {
      save();
      saved_step = position.step;
    }
    if (stops && !is_last) {
      return {position.step, stop.requested() ? stop.exit_code() : 128 + SIGTERM};
    }
    if (is_first && (epoch_ends || is_last)) judge(epoch);
  }
  if (saved_step != position.step) save();
  return {position.step, 0};
}

}  // namespace blip::train
