#include "threads.hpp"

#include <atomic>
#include <optional>
#include <thread>

#include "blip/error.hpp"

namespace blip::python {
namespace {

std::atomic<int> wanted_threads = 0;

struct OwnContext {
  std::optional<Context> context;
  int made_for = 0;
};

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

Context& thread_context() {
  thread_local OwnContext own;
  const int wanted = wanted_threads;
  if (!own.context || own.made_for != wanted) {
    own.context.reset();
    own.context.emplace(ContextOptions{.num_threads = wanted});
    own.made_for = wanted;
  }
  return *own.context;
}

}  // namespace blip::python
