// InterruptWatcher: ends the process in order when the user or the system asks it to stop.
#pragma once

#include <csignal>
#include <functional>
#include <thread>

namespace blip::cli {

/// While one exists, the first SIGINT, SIGTERM or SIGHUP runs `leave_in_order` on a thread of its
/// own and then ends the process with 128 + the signal's number, whatever the other threads are at
/// (a batch in the model may take many seconds). A second signal kills at once. Signals that the
/// process was started to ignore (nohup) stay ignored.
///
/// Must exist before any other thread is started: threads inherit the blocked signals.
class InterruptWatcher {
 public:
  explicit InterruptWatcher(std::function<void()> leave_in_order);
  ~InterruptWatcher();
  InterruptWatcher(const InterruptWatcher&) = delete;
  InterruptWatcher& operator=(const InterruptWatcher&) = delete;

 private:
  void watch(const std::stop_token& stop) const;

  std::function<void()> leave_in_order_;
  sigset_t watched_ = {};
  sigset_t previous_ = {};
  std::jthread thread_;
};

}  // namespace blip::cli
