// AdamW as torch.optim.AdamW has it, with its state by the parameters' names.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "train/model/parameters.hpp"

namespace blip::train {

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.05;
  /// The original decays everything, biases, norms and the temperature too. LAVIS leaves out
  /// tensors with fewer than two dimensions and those whose names contain "bias", "ln" or "bn".
  bool decay_everything = true;
  /// The vision tower's learning rate, as a part of the others'. A tower that has seen more
  /// pictures than the run has keeps more of what it knows; 0 leaves it as it is.
  double vision_learning_rate_factor = 1.0;
  /// The same of a hybrid tower's backbone, which is then no part of the tower here.
  double backbone_learning_rate_factor = 1.0;
};

/// Steps are taken with the gradients that the parameters hold; one without a gradient stays as it
/// is. The learning rate is given at each step (schedules.hpp).
class AdamW {
 public:
  AdamW(NamedTensors parameters, const AdamWOptions& options);

  void step(double learning_rate);
  [[nodiscard]] std::int64_t steps() const noexcept { return steps_; }

  /// "NAME.exp_avg" and "NAME.exp_avg_sq" of every parameter, then "steps" [1] int64.
  [[nodiscard]] NamedTensors named_state() const;
  /// Throws missing_tensor, malformed or shape_mismatch, before anything is changed.
  void load_state(const NamedTensors& state);

 private:
  NamedTensors parameters_;
  std::vector<torch::Tensor> averages_;          // of gradients
  std::vector<torch::Tensor> squared_averages_;  // of their squares
  AdamWOptions options_;
  std::int64_t steps_ = 0;
};

/// Whether LAVIS decays this parameter.
bool decays_in_lavis(const std::string& name, const torch::Tensor& parameter);

/// Whether a parameter of this name is the vision tower's.
bool is_of_vision_tower(std::string_view name);

}  // namespace blip::train
