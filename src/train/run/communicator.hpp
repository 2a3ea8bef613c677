// Communicator: c10d, as far as a ProcessGroup needs it. Nothing else knows c10d.
#pragma once

#include <torch/types.h>

#include <chrono>
#include <memory>
#include <string>

#include "train/run/launch_environment.hpp"

namespace blip::train {

/// Every function waits for the other processes, and throws network if one of them is gone.
class Communicator {
 public:
  /// Throws as ProcessGroup::join does.
  static std::shared_ptr<Communicator> connect(const LaunchEnvironment& launch,
                                               const torch::Device& device,
                                               std::chrono::milliseconds timeout);
  ~Communicator();
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  /// Contiguous tensors, overwritten with the sum over ranks.
  void all_reduce_sum(const torch::Tensor& tensor) const;
  /// tensor: [...] → [W, ...], contiguous
  [[nodiscard]] torch::Tensor all_gather(const torch::Tensor& tensor) const;
  /// A contiguous tensor, overwritten with that of rank 0.
  void broadcast(const torch::Tensor& tensor) const;
  void barrier() const;

 private:
  struct Connection;
  explicit Communicator(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace blip::train
