#include "train/run/stop_request.hpp"

namespace blip::train {
namespace {

// All that a signal handler may touch; signals belong to the process, as this does.
volatile std::sig_atomic_t received =
    0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

void remember(int signal) {
  received = signal;
}

// SA_RESETHAND: the second signal finds the default action.
void watch(int signal, struct sigaction& previous) {
  sigaction(signal, nullptr, &previous);
  if (previous.sa_handler == SIG_IGN) return;
  struct sigaction action = {};
  action.sa_handler = remember;
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
  sigaction(signal, &action, nullptr);
}

}  // namespace

StopRequest::StopRequest() {
  received = 0;
  watch(SIGTERM, terminate_);
  watch(SIGINT, interrupt_);
  watch(SIGHUP, hangup_);
}

StopRequest::~StopRequest() {
  sigaction(SIGTERM, &terminate_, nullptr);
  sigaction(SIGINT, &interrupt_, nullptr);
  sigaction(SIGHUP, &hangup_, nullptr);
}

bool StopRequest::requested() const noexcept {
  return received != 0;
}

int StopRequest::exit_code() const noexcept {
  return received == 0 ? 0 : 128 + static_cast<int>(received);
}

}  // namespace blip::train
