// PrefetchingLoader: batches that threads make ready while the model is busy with earlier ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <vector>

#include "core/ordered_prefetcher.hpp"
#include "train/data/epoch_sampler.hpp"
#include "train/data/example.hpp"

namespace blip::train {

struct LoaderOptions {
  int workers = 4;  ///< as many of them as the system gives
  /// Batches whose examples are begun but not yet taken, which bounds the memory: one of 32
  /// pictures of 384 × 384 pixels takes 14 MB.
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
  PrefetchingLoader(const EpochSampler& sampler, Load load, const LoaderOptions& options);

  /// The next batch, waiting for it if need be. If one of its rows could not be loaded, throws what
  /// `load` threw of the first such row; the call after that gives the batch after it.
  Batch next();

 private:
  // What a batch consists of; one without rows is a single part without a row.
  struct Part {
    std::uint32_t epoch = 0;
    std::uint64_t step = 0;
    std::optional<std::size_t> row;
    bool is_last = false;  // of its batch
  };
  struct LoadedPart {
    Part part;
    Example example;
    std::exception_ptr error;
  };
  using Parts = OrderedPrefetcher<Part, LoadedPart>;

  static Parts::Source parts_from(const EpochSampler& sampler, const LoaderOptions& options);
  static LoadedPart load_part(const Load& load, const Part& part);

  Parts parts_;
};

}  // namespace blip::train
