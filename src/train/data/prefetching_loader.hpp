// PrefetchingLoader: batches that threads make ready while the model is busy with earlier ones.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "train/data/epoch_sampler.hpp"
#include "train/data/example.hpp"

namespace blip::train {

struct LoaderOptions {
  int workers = 4;
  /// Batches begun but not yet taken, which bounds the memory: one of 32 pictures of 384 × 384
  /// pixels takes 14 MB.
  std::size_t batches_ahead = 4;
  std::uint32_t epoch = 0;  ///< of the first batch
  std::uint64_t step = 0;   ///< likewise, within that epoch
};

struct Batch {
  std::uint32_t epoch = 0;
  std::uint64_t step = 0;
  std::vector<Example> examples;
};

/// Goes on from epoch to epoch without end. Batches, and the examples in them, come in the
/// sampler's order and are the same for any number of workers.
class PrefetchingLoader {
 public:
  /// Called from many threads at once.
  using Load = std::function<Example(std::size_t row, std::uint32_t epoch)>;

  /// Throws invalid_argument: no worker, no batch ahead, an epoch without steps, a step beyond it.
  PrefetchingLoader(EpochSampler sampler, Load load, const LoaderOptions& options);
  ~PrefetchingLoader();
  PrefetchingLoader(const PrefetchingLoader&) = delete;
  PrefetchingLoader& operator=(const PrefetchingLoader&) = delete;

  /// The next batch, waiting for it if need be. If one of its rows could not be loaded, throws what
  /// `load` threw of the first such row; the call after that gives the batch after it.
  Batch next();

 private:
  struct Pending {
    Batch batch;
    std::vector<std::size_t> rows;
    std::vector<std::exception_ptr> errors;  // one for each row
    std::size_t claimed = 0;                 // rows that a worker has taken on
    std::size_t unfinished = 0;
  };

  void work();
  // The first batch with a row that nobody has taken on, begun if there is room; null if not.
  std::shared_ptr<Pending> claimable();
  void begin_batch();

  EpochSampler sampler_;
  Load load_;
  std::size_t batches_ahead_;
  std::uint32_t epoch_;  // of the next batch to begin
  std::uint64_t step_;

  std::mutex mutex_;
  std::condition_variable work_is_there_;
  std::condition_variable batch_is_done_;
  std::deque<std::shared_ptr<Pending>> pending_;  // in order
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace blip::train
