// EpochSampler: which rows of a data set make up a batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace blip::train {

struct SamplerOptions {
  std::size_t rows = 0;
  std::size_t batch = 1;  ///< rows of all ranks together
  std::size_t rank = 0;
  std::size_t ranks = 1;
  std::uint64_t seed = 0;
  bool is_shuffled = true;
  /// Leave out the last rows of an epoch that are less than a batch. Otherwise they are a smaller
  /// batch, of which some ranks may get less than others, even nothing; no row is repeated.
  bool drops_last = true;
};

/// Each epoch has an order of its own, which depends on seed and epoch alone. A global batch is the
/// next `batch` rows of it whatever the number of ranks; a rank has every `ranks`-th of them, as
/// torch's DistributedSampler deals. So any (epoch, step) is found without what comes before.
class EpochSampler {
 public:
  /// Throws invalid_argument: a rank beyond `ranks`, a batch that they do not divide, 2³² rows or
  /// more.
  explicit EpochSampler(const SamplerOptions& options);

  [[nodiscard]] std::uint64_t steps_per_epoch() const noexcept;
  /// The rank's rows of a whole batch.
  [[nodiscard]] std::size_t rows_per_batch() const noexcept {
    return options_.batch / options_.ranks;
  }
  /// The rank's rows of the batch `step` < steps_per_epoch().
  std::vector<std::size_t> rows(std::uint32_t epoch, std::uint64_t step);

 private:
  void shuffle(std::uint32_t epoch);

  SamplerOptions options_;
  std::vector<std::uint32_t> order_;  // of shuffled_epoch_; empty before the first
  std::uint32_t shuffled_epoch_ = 0;
};

}  // namespace blip::train
