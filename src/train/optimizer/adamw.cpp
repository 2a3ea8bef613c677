#include "train/optimizer/adamw.hpp"

#include <torch/version.h>

#include <array>
#include <cmath>
#include <utility>

#include "train/model/efficientnet_lite.hpp"

namespace blip::train {

bool decays_in_lavis(const std::string& name, const torch::Tensor& parameter) {
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  return parameter.dim() >= 2 && !has("bias") && !has("ln") && !has("bn");
}

bool is_of_vision_tower(std::string_view name) {
  return name.starts_with("vision_model.");
}

AdamW::AdamW(NamedTensors parameters, const AdamWOptions& options)
    : parameters_(std::move(parameters)), options_(options) {
  for (const auto& [name, parameter] : parameters_) {
    averages_.push_back(torch::zeros_like(parameter.detach()));
    squared_averages_.push_back(torch::zeros_like(parameter.detach()));
  }
}

namespace {

// What one call steps: parameters with the same decay and learning rate, and what belongs to them.
struct Group {
  std::vector<torch::Tensor> values;
  std::vector<torch::Tensor> gradients;
  std::vector<torch::Tensor> averages;
  std::vector<torch::Tensor> squared_averages;
  double decay = 0.0;
  double learning_rate = 0.0;
};

// libtorch's own, one pass over memory instead of ten. Its kernel for CPUs came with 2.4.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
void step_group(Group& group, const AdamWOptions& options, std::int64_t steps) {
  const std::vector<torch::Tensor> counts(
      group.values.size(), torch::full({}, static_cast<double>(steps),
                                       group.values[0].options().dtype(torch::kFloat32)));
  at::_fused_adamw_(group.values, group.gradients, group.averages, group.squared_averages,
                    /*max_exp_avg_sqs=*/{}, counts, group.learning_rate, options.beta1,
                    options.beta2, group.decay, options.eps, /*amsgrad=*/false, /*maximize=*/false);
}
#else
void step_group(Group& group, const AdamWOptions& options, std::int64_t steps) {
  const double corrected_rate =
      group.learning_rate / (1.0 - std::pow(options.beta1, static_cast<double>(steps)));
  const double correction = std::sqrt(1.0 - std::pow(options.beta2, static_cast<double>(steps)));
  // p ← p · (1 - lr · decay), before the step
  if (group.decay != 0.0) at::_foreach_mul_(group.values, 1.0 - group.learning_rate * group.decay);
  // m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²
  at::_foreach_mul_(group.averages, options.beta1);
  at::_foreach_add_(group.averages, group.gradients, 1.0 - options.beta1);
  at::_foreach_mul_(group.squared_averages, options.beta2);
  at::_foreach_addcmul_(group.squared_averages, group.gradients, group.gradients,
                        1.0 - options.beta2);
  // p ← p - lr · m̂ / (√v̂ + ε), where ^ divides by 1 - βᵗ
  std::vector<torch::Tensor> denominators = at::_foreach_sqrt(group.squared_averages);
  at::_foreach_div_(denominators, correction);
  at::_foreach_add_(denominators, options.eps);
  at::_foreach_addcdiv_(group.values, group.averages, denominators, -corrected_rate);
}
#endif

}  // namespace

void AdamW::step(double learning_rate) {
  const torch::NoGradGuard no_grad;
  ++steps_;
  const std::array<double, 3> factors = {options_.vision_learning_rate_factor,
                                         options_.backbone_learning_rate_factor, 1.0};
  // Of the vision tower, the backbone, the rest: first what is not decayed, then what is.
  std::array<Group, 2 * factors.size()> groups;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i].decay = i % 2 == 1 ? options_.weight_decay : 0.0;
    groups[i].learning_rate = learning_rate * factors[i / 2];
  }
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const auto& [name, parameter] = parameters_[i];
    if (!parameter.grad().defined()) continue;
    const bool decayed = options_.decay_everything || decays_in_lavis(name, parameter);
    const std::size_t part = is_of_backbone(name) ? 1 : is_of_vision_tower(name) ? 0 : 2;
    Group& group = groups[2 * part + (decayed ? 1 : 0)];
    group.values.push_back(parameter);
    group.gradients.push_back(parameter.grad());
    group.averages.push_back(averages_[i]);
    group.squared_averages.push_back(squared_averages_[i]);
  }
  for (Group& group : groups) {
    if (!group.values.empty()) step_group(group, options_, steps_);
  }
}

NamedTensors AdamW::named_state() const {
  NamedTensors state;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    state.emplace_back(parameters_[i].first + ".exp_avg", averages_[i]);
    state.emplace_back(parameters_[i].first + ".exp_avg_sq", squared_averages_[i]);
  }
  state.emplace_back("steps", torch::full({1}, steps_, torch::kInt64));
  return state;
}

void AdamW::load_state(const NamedTensors& state) {
  const NamedTensors own = named_state();
  load_named_state(own, state);
  steps_ = own.back().second.item<std::int64_t>();
}

}  // namespace blip::train
