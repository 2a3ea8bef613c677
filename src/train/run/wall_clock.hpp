// The time of day, as logs and event files write it.
#pragma once

#include <chrono>

namespace blip::train {

/// Seconds since 1970 (UTC), with their fraction.
inline double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace blip::train
