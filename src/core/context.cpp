#include "blip/context.hpp"

#include <sched.h>

#include <thread>

#include "blip/error.hpp"
#include "core/cpu_quota.hpp"
#include "core/scratch.hpp"
#include "core/thread_context.hpp"
#include "core/thread_pool.hpp"

namespace blip {
namespace {

// The cores this process may run on, which under taskset is fewer than the machine's.
int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return CPU_COUNT(&set);
  const unsigned cores = std::thread::hardware_concurrency();
  return cores == 0 ? 1 : static_cast<int>(cores);
}

int resolve_threads(int requested) {
  if (requested < 0 || requested > kMaxThreads) {
    throw Error(ErrorCode::invalid_argument, "num_threads must lie between 0 and " +
                                                 std::to_string(kMaxThreads) + ", not " +
                                                 std::to_string(requested));
  }
  return requested == 0 ? threads_within(usable_cores(), cpu_quota()) : requested;
}

}  // namespace

Context::Context(const ContextOptions& options)
    : threads_(std::make_unique<ThreadPool>(resolve_threads(options.num_threads))),
      scratch_(std::make_unique<Scratch>()) {}
Context::~Context() = default;
Context::Context(Context&&) noexcept = default;
Context& Context::operator=(Context&&) noexcept = default;

int Context::num_threads() const noexcept {
  return threads_->num_threads();
}

}  // namespace blip
