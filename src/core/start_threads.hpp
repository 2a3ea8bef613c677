// start_threads: as many threads as the system gives.
#pragma once

#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace blip {

/// Calls start(0), start(1), … start(count - 1), each of which begins a std::jthread, and returns
/// these. Where the system has no thread or no memory for a stack left, returns those before: fewer
/// threads are slower, not wrong.
template <typename Start>
std::vector<std::jthread> start_threads(int count, const Start& start) {
  std::vector<std::jthread> threads;
  if (count <= 0) return threads;
  threads.reserve(static_cast<std::size_t>(count));
  try {
    for (int i = 0; i < count; ++i) threads.push_back(start(i));
  } catch (const std::system_error&) {
    return threads;
  } catch (const std::bad_alloc&) {
    return threads;
  }
  return threads;
}

}  // namespace blip
