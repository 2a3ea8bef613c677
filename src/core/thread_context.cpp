#include "core/thread_context.hpp"

#include <unistd.h>

#include <memory>

namespace blip {
namespace {

struct OwnContext {
  std::unique_ptr<Context> context;
  pid_t process = 0;
  int num_threads = 0;  // as it was asked for

  OwnContext() = default;
  OwnContext(const OwnContext&) = delete;
  OwnContext& operator=(const OwnContext&) = delete;
  ~OwnContext() { leave_if_forked(); }

  // A child of fork() has none of its parent's threads, so it must not wait for them to end.
  void leave_if_forked() {
    if (context && process != ::getpid()) static_cast<void>(context.release());
  }
};

}  // namespace

Context& thread_context(int num_threads) {
  thread_local OwnContext own;
  own.leave_if_forked();
  if (!own.context || own.num_threads != num_threads) {
    own.context.reset();
    own.context = std::make_unique<Context>(ContextOptions{.num_threads = num_threads});
    own.process = ::getpid();
    own.num_threads = num_threads;
  }
  return *own.context;
}

}  // namespace blip
