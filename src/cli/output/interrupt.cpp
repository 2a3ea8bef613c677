#include "cli/output/interrupt.hpp"

#include <pthread.h>
#include <unistd.h>

#include <exception>
#include <initializer_list>
#include <utility>

namespace blip::cli {
namespace {

// Wakes the watching thread when there is nothing left to watch. Ignored by default everywhere,
// so nobody else gives it a meaning.
constexpr int kWakeSignal = SIGURG;

bool is_ignored(int signal) {
  struct sigaction action = {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

InterruptWatcher::InterruptWatcher(std::function<void()> leave_in_order)
    : leave_in_order_(std::move(leave_in_order)) {
  sigemptyset(&watched_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (!is_ignored(signal)) sigaddset(&watched_, signal);
  }
  sigaddset(&watched_, kWakeSignal);
  pthread_sigmask(SIG_BLOCK, &watched_, &previous_);
  thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

InterruptWatcher::~InterruptWatcher() {
  thread_.request_stop();
  pthread_kill(thread_.native_handle(), kWakeSignal);
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
}

void InterruptWatcher::watch(const std::stop_token& stop) const {
  int signal = 0;
  do {
    if (sigwait(&watched_, &signal) != 0) return;
    if (stop.stop_requested()) return;
  } while (signal == kWakeSignal);

  // From here on a second signal finds its default action: it kills.
  pthread_sigmask(SIG_UNBLOCK, &watched_, nullptr);
  try {
    leave_in_order_();
  } catch (const std::exception&) {  // output that cannot be written any more; leave all the same
  }
  _exit(128 + signal);
}

}  // namespace blip::cli
