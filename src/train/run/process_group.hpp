// ProcessGroup: the processes of a run, and what they tell each other.
#pragma once

#include <torch/types.h>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "train/run/launch_environment.hpp"

namespace blip::train {

class Communicator;

/// Copies are the same group. All processes must call the same functions in the same order, with
/// tensors of the same shapes. If one has ended, or does not answer within the timeout, the calls
/// of the others throw network. In a group of one every call is a no-op that needs no c10d.
class ProcessGroup {
 public:
  /// One process alone.
  ProcessGroup() = default;
  /// Meets the others: over Gloo for tensors on the CPU, over NCCL for those on a GPU. Throws
  /// network if they do not all arrive within `timeout`, unsupported if this program was built
  /// without what `device` needs.
  static ProcessGroup join(const LaunchEnvironment& launch, const torch::Device& device,
                           std::chrono::milliseconds timeout);

  [[nodiscard]] int rank() const noexcept { return rank_; }
  [[nodiscard]] int size() const noexcept { return size_; }
  /// Which device tensors must be on.
  [[nodiscard]] const torch::Device& device() const noexcept { return device_; }

  /// Replaces each tensor by the mean of all processes' values, for gradients. Tensors of one type
  /// travel together, up to 25 MB at a time.
  void all_reduce_mean(std::span<const torch::Tensor> tensors) const;
  /// The mean gradient of every parameter. One that has none in any process keeps none; one that
  /// some processes lack counts as zero there.
  void average_gradients(std::span<const torch::Tensor> parameters) const;
  /// tensor: [B, …] → [W · B, …] in the order of ranks, without gradient.
  [[nodiscard]] torch::Tensor all_gather(const torch::Tensor& tensor) const;
  /// The same, through which gradients flow: each rank's share of it gets the sum of what all
  /// ranks' results got.
  [[nodiscard]] torch::Tensor all_gather_with_gradient(const torch::Tensor& tensor) const;
  /// Overwrites the tensors with those of rank 0: parameters and buffers at the start.
  void broadcast(std::span<const torch::Tensor> tensors) const;
  /// Whether any process says so: a stop that only one of them was asked for.
  [[nodiscard]] bool any(bool mine) const;
  /// Returns once all have called it.
  void barrier() const;

 private:
  int rank_ = 0;
  int size_ = 1;
  torch::Device device_ = torch::kCPU;
  std::shared_ptr<Communicator> communicator_;  // null: alone
};

/// The device of a process, by run.device: "cpu", "cuda" (the GPU of the local rank) or "auto"
/// (that if there is one). Throws invalid_argument where this machine, or this build of libtorch,
/// lacks the GPU.
torch::Device training_device(const std::string& name, int local_rank);

}  // namespace blip::train
