// insist: what has to be done, however little memory there is.
#pragma once

#include <chrono>
#include <new>
#include <thread>

namespace blip::serve {

/// Calls `action` until it does not throw std::bad_alloc: others give memory back, and a thread
/// that serves all clients must not end. Not for what may be done twice with harm.
template <typename Action>
void insist(const Action& action) {
  constexpr std::chrono::milliseconds kPause{20};
  for (;;) {
    try {
      action();
      return;
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(kPause);
    }
  }
}

}  // namespace blip::serve
