#include "serve/engine/engine_metrics.hpp"

#include <algorithm>

namespace blip::serve {

void Histogram::observe(double value) {
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), value);
  ++counts[static_cast<std::size_t>(bound - bounds.begin())];
  sum += value;
  ++count;
}

Histogram Histogram::of_seconds() {
  return Histogram(
      {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60});
}

Histogram Histogram::of_batch_sizes() {
  return Histogram({1, 2, 4, 8, 16, 32, 64, 128, 256});
}

std::uint64_t EngineMetrics::rejected(FailureKind reason) const {
  std::uint64_t sum = reason == FailureKind::queue_full ? refused_unread : 0;
  for (const auto& of_kind : counts) sum += of_kind[outcome_index(reason)];
  return sum;
}

}  // namespace blip::serve
