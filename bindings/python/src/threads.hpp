// What a call into the library has around it: the context of its thread, without the interpreter's
// lock.
#pragma once

#include <nanobind/nanobind.h>

#include <utility>

#include "core/thread_context.hpp"

namespace blip::python {

/// How many threads a call computes with; 0: one per core.
void set_num_threads(int num_threads);
int num_threads();

/// `compute(context)`, with the context of the calling thread, while other threads of Python run.
template <typename Function>
auto without_lock(const Function& compute) {
  const nanobind::gil_scoped_release released;
  return compute(thread_context(num_threads()));
}

}  // namespace blip::python
