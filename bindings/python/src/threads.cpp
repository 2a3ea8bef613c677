#include "threads.hpp"

#include <atomic>

#include "blip/error.hpp"

namespace blip::python {
namespace {

std::atomic<int> wanted_threads = 0;

}  // namespace

void set_num_threads(int num_threads) {
  if (num_threads < 0) {
    throw Error(ErrorCode::invalid_argument, "the number of threads must not be negative");
  }
  wanted_threads = num_threads;
}

int num_threads() {
  return wanted_threads;
}

}  // namespace blip::python
