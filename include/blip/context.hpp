// Context: the threads and the scratch memory of one request.
//
// Weights are immutable and shared; everything a forward pass writes lives in the Context that the
// caller passes in. One Context serves one call at a time; use one per thread to run calls side by
// side on the same model.
#pragma once

#include <memory>

namespace blip {

class ThreadPool;
class Scratch;

struct ContextOptions {
  /// Threads that compute, the calling one included. 0 means one per core this process may use.
  int num_threads = 0;
};

class Context {
 public:
  explicit Context(const ContextOptions& options = {});
  ~Context();
  Context(Context&&) noexcept;
  Context& operator=(Context&&) noexcept;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  [[nodiscard]] int num_threads() const noexcept;

  // For the library's own modules: src/core/thread_pool.hpp and src/core/scratch.hpp.
  [[nodiscard]] ThreadPool& threads() noexcept { return *threads_; }
  [[nodiscard]] Scratch& scratch() noexcept { return *scratch_; }

 private:
  std::unique_ptr<ThreadPool> threads_;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace blip
