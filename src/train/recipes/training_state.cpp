#include "train/recipes/training_state.hpp"

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "train/model/feature_queue.hpp"
#include "train/recipes/start_model.hpp"
#include "train/recipes/training_options.hpp"
#include "train/run/random_state.hpp"
#include "train/run/resumed_run.hpp"

namespace blip::train {
namespace {

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

// Of all processes together.
std::int64_t rows_of_step(const TrainingConfig& config, const ProcessGroup& group) {
  return std::int64_t{config.data.batch} * config.data.captions_per_image *
         config.optimizer.accumulation_steps * group.size();
}

// Compares every tensor's bits over the processes. They start with the same values and take the
// same steps, so a difference means that they do not train together: other data or options, another
// library, a broken GPU.
void require_same_model(const ProcessGroup& group, const NamedTensors& state) {
  if (group.size() == 1) return;
  std::vector<torch::Tensor> sums;
  for (const auto& [name, tensor] : state) sums.push_back(checksum(tensor).to(group.device()));
  const torch::Tensor all =
      group.all_gather(torch::stack(sums).unsqueeze(0)).to(torch::kCPU);  // [W, tensors]
  const torch::Tensor differs = all.ne(all[0].unsqueeze(0)).any(0);
  for (std::size_t i = 0; i < state.size(); ++i) {
    if (!differs[static_cast<std::int64_t>(i)].item<bool>()) continue;
    throw Error(ErrorCode::malformed,
                "the processes do not hold the same model any more: " + in_quotes(state[i].first) +
                    " differs; they need the same data, options and libraries");
  }
}

// Compares what the processes are about to do: the place in the data and how many rows those have.
void require_same_start(const ProcessGroup& group, const RunPosition& position, std::size_t rows) {
  if (group.size() == 1) return;
  const torch::Tensor own = torch::tensor(
      {{position.step, position.epoch, position.step_in_epoch, static_cast<std::int64_t>(rows)}},
      torch::kInt64);
  const torch::Tensor all = group.all_gather(own.to(group.device())).to(torch::kCPU);  // [W, 4]
  const auto text = [&](std::int64_t rank) {
    return "step " + std::to_string(all[rank][0].item<std::int64_t>()) + " with " +
           std::to_string(all[rank][3].item<std::int64_t>()) + " rows of data";
  };
  for (std::int64_t rank = 1; rank < group.size(); ++rank) {
    if (all[rank].equal(all[0])) continue;
    throw Error(ErrorCode::invalid_argument,
                "process " + std::to_string(rank) + " would begin at " + text(rank) +
                    ", process 0 at " + text(0) +
                    ": all need the same data, and a run.directory that they share");
  }
}

// Models that are not trained are not in a checkpoint. What was learnt with one means nothing to
// another.
void require_same_fixed_models(const std::map<std::string, double>& now, const RunState& saved,
                               const TrainingConfig& config) {
  for (const auto& [key, sum] : now) {
    const auto before = saved.numbers.find(key);
    if (before == saved.numbers.end() || before->second == sum) continue;
    throw Error(ErrorCode::invalid_argument, key + ": another model than the one that " +
                                                 config.run.directory + " was trained with so far");
  }
}

}  // namespace

TrainingState::TrainingState(const TrainingConfig& config, const ProcessGroup& group,
                             Recipe& recipe)
    : config_(config),
      group_(group),
      recipe_(recipe),
      optimizer_(recipe.parameters.trained(), adamw_options(config.optimizer)) {
  // The backward pass of a vision tower that stays as it is can be left out.
  const bool is_vision_fixed = config.optimizer.vision_learning_rate_factor == 0.0;
  for (auto& [name, tensor] : recipe.parameters.trained()) {
    if (is_vision_fixed && is_of_vision_tower(name)) tensor.set_requires_grad(false);
    trained_.push_back(tensor);
  }
  if (config.optimizer.average_decay > 0) {
    average_.emplace(recipe.parameters.trained(), config.optimizer.average_decay);
  }
  numbers_ = recipe.fixed_models;
}

void TrainingState::restore(const std::filesystem::path& checkpoint, std::int64_t steps_per_epoch,
                            const std::function<void(const std::string&)>& log) {
  const RunState saved = load_checkpoint(checkpoint);
  require_same_fixed_models(recipe_.fixed_models, saved, config_);
  const std::vector<std::string> changed =
      changed_keys(saved.configuration, config_as_json(config_));
  try {
    recipe_.parameters.load_state(saved.model);
    NamedTensors averages;
    NamedTensors of_optimizer;
    for (const auto& entry : saved.optimizer) {
      (is_of_average(entry.first) ? averages : of_optimizer).push_back(entry);
    }
    optimizer_.load_state(of_optimizer);
    if (average_ && averages.empty()) {
      average_->restart();
    } else if (average_) {
      average_->load_state(averages);
    }
  } catch (const Error& error) {
    throw Error(error.code(), checkpoint.string() + ": " + error.what() +
                                  (changed.empty() ? "" : "; changed since: " + joined(changed)));
  }
  const std::int64_t rows = rows_of_step(config_, group_);
  const std::int64_t rows_before = rows_of_step(saved);
  position_ = position_in_steps_of(rows, rows_before, steps_per_epoch, saved.position);
  if (rows_before != rows) rewind_queues(recipe_.parameters);
  numbers_ = saved.numbers;
  numbers_.insert(recipe_.fixed_models.begin(), recipe_.fixed_models.end());
  const bool is_random_restored =
      restore_random_state(saved.random, group_.rank(), group_.device(), checkpoint.string());
  log("going on after step " + std::to_string(position_.step));
  if (!changed.empty()) log("changed since then: " + joined(changed));
  if (saved.processes != group_.size() || !is_random_restored) {
    log("another number of processes or another device than before: not the same run bit for bit");
  }
}

void TrainingState::fill(const std::function<void(const std::string&)>& log) {
  fill_parameters(recipe_.parameters, config_, log);
  if (average_) average_->restart();
}

void TrainingState::share(std::size_t rows) const {
  require_same_start(group_, position_, rows);
  std::vector<torch::Tensor> tensors;
  for (const auto& [name, tensor] : recipe_.parameters.named_state()) tensors.push_back(tensor);
  group_.broadcast(tensors);
}

void TrainingState::divide_gradients(double weight) const {
  const torch::NoGradGuard no_grad;
  for (const torch::Tensor& tensor : trained_) {
    if (tensor.grad().defined()) tensor.grad().div_(weight);
  }
}

std::unique_ptr<WeightAverage::Shown> TrainingState::show_average() const {
  return average_ ? std::make_unique<WeightAverage::Shown>(*average_) : nullptr;
}

void TrainingState::update(double learning_rate, std::int64_t steps_per_epoch) {
  group_.average_gradients(trained_);
  optimizer_.step(learning_rate);
  if (average_) average_->update();
  recipe_.parameters.zero_grad();
  ++position_.step;
  if (++position_.step_in_epoch == steps_per_epoch) {
    ++position_.epoch;
    position_.step_in_epoch = 0;
  }
}

void TrainingState::save() const {
  require_same_model(group_, recipe_.parameters.named_state());
  RunState state;
  state.position = position_;
  state.random = collect_random_states(group_, group_.device());
  if (group_.rank() == 0) {
    state.model = recipe_.parameters.named_state();
    state.optimizer = optimizer_.named_state();
    if (average_) {
      const NamedTensors averages = average_->named_state();
      state.optimizer.insert(state.optimizer.end(), averages.begin(), averages.end());
    }
    state.processes = group_.size();
    state.configuration = config_as_json(config_);
    state.numbers = numbers_;
    state.description = recipe_.description;
    save_checkpoint(config_.run.directory, state, config_.run.keep_checkpoints);
  }
  group_.barrier();
}

}  // namespace blip::train
