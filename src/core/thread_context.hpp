// thread_context: the Context of calls that are given none.
#pragma once

#include "blip/context.hpp"

namespace blip {

/// Beyond this a request for threads is a mistake (a core count of no machine there is).
inline constexpr int kMaxThreads = 1024;

/// One for each thread that asks, made at its first call and kept until the thread ends, so that
/// the calls after that start no threads and find their scratch memory. Made again when
/// `num_threads` (ContextOptions) is another than at the thread's last call, and in a child of
/// fork().
Context& thread_context(int num_threads = 0);

}  // namespace blip
