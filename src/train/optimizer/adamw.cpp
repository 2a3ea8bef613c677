#include "train/optimizer/adamw.hpp"

#include <cmath>
#include <utility>

namespace blip::train {

bool decays_in_lavis(const std::string& name, const torch::Tensor& parameter) {
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  return parameter.dim() >= 2 && !has("bias") && !has("ln") && !has("bn");
}

AdamW::AdamW(NamedTensors parameters, const AdamWOptions& options)
    : parameters_(std::move(parameters)), options_(options) {
  for (const auto& [name, parameter] : parameters_) {
    averages_.push_back(torch::zeros_like(parameter.detach()));
    squared_averages_.push_back(torch::zeros_like(parameter.detach()));
  }
}

void AdamW::step(double learning_rate) {
  const torch::NoGradGuard no_grad;
  ++steps_;
  const double corrected_rate = learning_rate / (1.0 - std::pow(options_.beta1, steps_));
  const double correction = std::sqrt(1.0 - std::pow(options_.beta2, steps_));

  std::vector<torch::Tensor> values;
  std::vector<torch::Tensor> decayed;
  std::vector<torch::Tensor> gradients;
  std::vector<torch::Tensor> averages;
  std::vector<torch::Tensor> squared_averages;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const auto& [name, parameter] = parameters_[i];
    if (!parameter.grad().defined()) continue;
    values.push_back(parameter);
    if (options_.decay_everything || decays_in_lavis(name, parameter)) decayed.push_back(parameter);
    gradients.push_back(parameter.grad());
    averages.push_back(averages_[i]);
    squared_averages.push_back(squared_averages_[i]);
  }
  if (values.empty()) return;

  // p ← p · (1 - lr · decay), before the step
  if (!decayed.empty()) at::_foreach_mul_(decayed, 1.0 - learning_rate * options_.weight_decay);
  // m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²
  at::_foreach_mul_(averages, options_.beta1);
  at::_foreach_add_(averages, gradients, 1.0 - options_.beta1);
  at::_foreach_mul_(squared_averages, options_.beta2);
  at::_foreach_addcmul_(squared_averages, gradients, gradients, 1.0 - options_.beta2);
  // p ← p - lr · m̂ / (√v̂ + ε), where ^ divides by 1 - βᵗ
  std::vector<torch::Tensor> denominators = at::_foreach_sqrt(squared_averages);
  at::_foreach_div_(denominators, correction);
  at::_foreach_add_(denominators, options_.eps);
  at::_foreach_addcdiv_(values, averages, denominators, -corrected_rate);
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
