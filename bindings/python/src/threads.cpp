#include "threads.hpp"

#include <unistd.h>

#include <atomic>
#include <string>

#include "blip/error.hpp"

namespace blip::python {
namespace {

std::atomic<int> wanted_threads = 0;

struct InUse {
  Context* context = nullptr;
  pid_t process = 0;  // a child of fork() within a callback has none of its threads
};
thread_local InUse in_use;

}  // namespace

void set_num_threads(int num_threads) {
  // Now, not at the next call, which the caller would have to look for.
  if (num_threads < 0 || num_threads > kMaxThreads) {
    throw Error(ErrorCode::invalid_argument, "num_threads must lie between 0 and " +
                                                 std::to_string(kMaxThreads) + ", not " +
                                                 std::to_string(num_threads));
  }
  wanted_threads = num_threads;
}

int num_threads() {
  return wanted_threads;
}

ContextInUse::ContextInUse() : before_(in_use.context) {
  const bool is_within_another = before_ != nullptr && in_use.process == ::getpid();
  context_ = is_within_another ? before_ : &thread_context(num_threads());
  in_use = {.context = context_, .process = ::getpid()};
}

ContextInUse::~ContextInUse() {
  in_use.context = before_;
}

}  // namespace blip::python
