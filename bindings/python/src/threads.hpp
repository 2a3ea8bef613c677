// What a call into the library has around it: the context of its thread, without the interpreter's
// lock.
#pragma once

#include <nanobind/nanobind.h>

#include <utility>

#include "core/thread_context.hpp"

namespace blip::python {

/// How many threads a call computes with; 0: one per core. Throws invalid_argument for more than
/// there can be.
void set_num_threads(int num_threads);
int num_threads();

/// The calling thread's context. A call that a callback of another call makes computes with that
/// one's, whatever set_num_threads has said since: the other call is not over.
class ContextInUse {
 public:
  ContextInUse();
  ~ContextInUse();
  ContextInUse(const ContextInUse&) = delete;
  ContextInUse& operator=(const ContextInUse&) = delete;

  [[nodiscard]] Context& operator*() const noexcept { return *context_; }

 private:
  Context* before_;
  Context* context_;
};

/// `compute(context)`, with the context of the calling thread, while other threads of Python run.
template <typename Function>
auto without_lock(const Function& compute) {
  const nanobind::gil_scoped_release released;
  const ContextInUse context;
  return compute(*context);
}

}  // namespace blip::python
