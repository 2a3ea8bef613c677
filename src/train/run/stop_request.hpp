// StopRequest: SIGTERM or SIGINT as a question that a training loop asks between steps.
#pragma once

#include <csignal>

namespace blip::train {

/// While one exists (there may be one), the first SIGTERM, SIGINT or SIGHUP only makes requested()
/// true, so that the loop saves a checkpoint and ends in order; of a process group, all must hear
/// of it (ProcessGroup::any). A second one kills at once. Signals that the process was started to
/// ignore (nohup) stay ignored. Schedulers send SIGTERM some time before they kill; torchrun and
/// Slurm pass it on to every process.
class StopRequest {
 public:
  StopRequest();
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  [[nodiscard]] bool requested() const noexcept;
  /// 128 + the signal, as a shell reports it; 0 without one.
  [[nodiscard]] int exit_code() const noexcept;

 private:
  struct sigaction terminate_ = {};
  struct sigaction interrupt_ = {};
  struct sigaction hangup_ = {};
};

}  // namespace blip::train
