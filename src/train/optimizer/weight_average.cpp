#include "train/optimizer/weight_average.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "train/model/parameters.hpp"

namespace blip::train {
namespace {

constexpr const char* kEnding = ".average";
constexpr const char* kSteps = "average_steps";

}  // namespace

WeightAverage::WeightAverage(NamedTensors weights, double decay)
    : weights_(std::move(weights)), decay_(decay) {
  for (const auto& [name, weight] : weights_) averages_.push_back(weight.detach().clone());
}

void WeightAverage::restart() {
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < weights_.size(); ++i) averages_[i].copy_(weights_[i].second);
  steps_ = 0;
}

void WeightAverage::update() {
  if (weights_.empty()) return;  // torch 1.13 refuses empty lists
  const torch::NoGradGuard no_grad;
  const auto step = static_cast<double>(++steps_);
  const double kept = std::min(decay_, (1.0 + step) / (10.0 + step));
  std::vector<torch::Tensor> weights;
  for (const auto& [name, weight] : weights_) weights.push_back(weight.detach());
  at::_foreach_mul_(averages_, kept);
  at::_foreach_add_(averages_, weights, 1.0 - kept);
}

NamedTensors WeightAverage::named_state() const {
  NamedTensors state;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    state.emplace_back(weights_[i].first + kEnding, averages_[i]);
  }
  state.emplace_back(kSteps, torch::full({1}, steps_, torch::kInt64));
  return state;
}

void WeightAverage::load_state(const NamedTensors& state) {
  const NamedTensors own = named_state();
  load_named_state(own, state);
  steps_ = own.back().second.item<std::int64_t>();
}

WeightAverage::Shown::Shown(const WeightAverage& average) : average_(average) {
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < average.weights_.size(); ++i) {
    torch::Tensor weight = average.weights_[i].second;
    weights_.push_back(weight.detach().clone());
    weight.copy_(average.averages_[i]);
  }
}

WeightAverage::Shown::~Shown() {
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    torch::Tensor(average_.weights_[i].second).copy_(weights_[i]);
  }
}

bool is_of_average(const std::string& name) {
  return name.ends_with(kEnding) || name == kSteps;
}

}  // namespace blip::train
