#include "core/thread_context.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdlib>
#include <thread>

#include "blip/error.hpp"
#include "core/thread_pool.hpp"

namespace {
bool is_forked_child = false;
}

// LeakSanitizer asks this at the end of a process, if there is one. The threads that are missing in
// a child of fork() leave memory behind that nobody points to there.
extern "C" int __lsan_is_turned_off() {  // NOLINT(bugprone-reserved-identifier,cert-dcl37-c)
  return is_forked_child ? 1 : 0;
}

namespace blip {
namespace {

TEST(ThreadContext, IsOneForEachThread) {
  Context* own = &thread_context();
  EXPECT_EQ(&thread_context(), own);
  Context* other = nullptr;
  std::jthread([&] {
    other = &thread_context();
    EXPECT_EQ(&thread_context(), other);
  }).join();
  EXPECT_NE(other, own);
}

TEST(ThreadContext, IsMadeAgainForAnotherNumberOfThreads) {
  EXPECT_EQ(thread_context(1).num_threads(), 1);
  Context* three = &thread_context(3);
  EXPECT_EQ(three->num_threads(), 3);
  EXPECT_EQ(&thread_context(3), three);
  EXPECT_THROW(thread_context(-1), Error);
  EXPECT_EQ(thread_context(2).num_threads(), 2);
}

// The threads of a pool do not exist in a child of fork().
TEST(ThreadContext, WorksAndEndsInAForkedChild) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer refuses threads in a child of fork()";
#endif
  // All threads take part before the fork: one that is still starting may hold a lock of the
  // allocator, which AddressSanitizer's does not let go of in a child.
  ThreadPool& threads = thread_context().threads();
  const auto num_threads = static_cast<std::size_t>(threads.num_threads());
  std::barrier all_here(static_cast<std::ptrdiff_t>(num_threads));
  threads.parallel_for(num_threads, [&](std::size_t, int) { all_here.arrive_and_wait(); });
  std::atomic<int> calls = 0;
  const auto count = [&](std::size_t, int) { ++calls; };
  threads.parallel_for(10, count);
  const pid_t child = ::fork();
  if (child == 0) {
    is_forked_child = true;
    ::alarm(30);  // instead of waiting for ever
    thread_context().threads().parallel_for(10, count);
    std::exit(calls == 20 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace blip
