// thread_context: the Context of calls that are given none.
#pragma once

#include "blip/context.hpp"

namespace blip {

/// One for each thread that asks, made at its first call and kept until the thread ends, so that
/// the calls after that start no threads and find their scratch memory.
Context& thread_context();

}  // namespace blip
