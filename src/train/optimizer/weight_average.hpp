// WeightAverage: the exponential average of what the weights were after every step.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "train/run/named_tensors.hpp"

namespace blip::train {

/// average ← d · average + (1 - d) · weight after step n = 1, 2, …, with d = min(decay, (1 + n) /
/// (10 + n)): while there are few steps, the first weights do not count for long.
class WeightAverage {
 public:
  /// Averages of the weights as they are; `weights` share their tensors with the model.
  WeightAverage(NamedTensors weights, double decay);

  void update();

  /// "NAME.average" of every weight, then "average_steps" [1] int64.
  [[nodiscard]] NamedTensors named_state() const;
  /// Throws missing_tensor, malformed or shape_mismatch, before anything is changed.
  void load_state(const NamedTensors& state);
  /// Begins again with the weights as they are.
  void restart();

  /// While one exists, the weights are the averages.
  class Shown {
   public:
    explicit Shown(const WeightAverage& average);
    ~Shown();
    Shown(const Shown&) = delete;
    Shown& operator=(const Shown&) = delete;

   private:
    const WeightAverage& average_;
    std::vector<torch::Tensor> weights_;
  };

 private:
  NamedTensors weights_;
  std::vector<torch::Tensor> averages_;
  double decay_;
  std::int64_t steps_ = 0;
};

/// Whether a tensor of a checkpoint is a WeightAverage's.
bool is_of_average(const std::string& name);

}  // namespace blip::train
