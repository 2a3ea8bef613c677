#include "train/data/epoch_sampler.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "train/data/sample_random.hpp"

namespace blip::train {
namespace {

// Stands for the order itself where SampleRandom wants a sample: no data set has so many.
constexpr std::uint64_t kOrder = std::numeric_limits<std::uint64_t>::max();

[[noreturn]] void fail(const std::string& problem) {
  throw Error(ErrorCode::invalid_argument, problem);
}

}  // namespace

EpochSampler::EpochSampler(const SamplerOptions& options) : options_(options) {
  if (options.ranks == 0 || options.rank >= options.ranks) {
    fail("rank " + std::to_string(options.rank) + " does not exist among " +
         std::to_string(options.ranks));
  }
  if (options.batch == 0 || options.batch % options.ranks != 0) {
    fail("a batch of " + std::to_string(options.batch) + " cannot be dealt to " +
         std::to_string(options.ranks) + " processes in equal parts");
  }
  if (options.rows > std::numeric_limits<std::uint32_t>::max()) {
    fail(std::to_string(options.rows) + " training rows are more than 2^32 - 1");
  }
}

std::uint64_t EpochSampler::steps_per_epoch() const noexcept {
  const std::size_t extra = options_.drops_last ? 0 : options_.batch - 1;
  return (options_.rows + extra) / options_.batch;
}

void EpochSampler::shuffle(std::uint32_t epoch) {
  if (!order_.empty() && shuffled_epoch_ == epoch) return;
  order_.resize(options_.rows);
  std::iota(order_.begin(), order_.end(), 0U);
  SampleRandom random(options_.seed, epoch, kOrder);
  // Fisher and Yates, from the end.
  for (std::size_t left = order_.size(); left > 1; --left) {
    std::swap(order_[left - 1], order_[random.below(static_cast<std::uint32_t>(left))]);
  }
  shuffled_epoch_ = epoch;
}

std::vector<std::size_t> EpochSampler::rows(std::uint32_t epoch, std::uint64_t step) {
  if (step >= steps_per_epoch()) {
    fail("an epoch has " + std::to_string(steps_per_epoch()) + " steps, there is no step " +
         std::to_string(step));
  }
  if (options_.is_shuffled) shuffle(epoch);
  const std::size_t begin = static_cast<std::size_t>(step) * options_.batch;
  const std::size_t end = std::min(begin + options_.batch, options_.rows);
  std::vector<std::size_t> rows;
  rows.reserve(options_.batch / options_.ranks);
  for (std::size_t i = begin + options_.rank; i < end; i += options_.ranks) {
    rows.push_back(options_.is_shuffled ? order_[i] : i);
  }
  return rows;
}

}  // namespace blip::train
