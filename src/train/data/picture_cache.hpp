// PictureCache: decoded pictures kept in memory, for data sets that fit into it.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "blip/image.hpp"

namespace blip::train {

/// Keeps what it is given until `max_bytes` of pixels are there, and nothing of what comes later:
/// every sample of an epoch is wanted as often as any other, so throwing one out gains nothing.
/// Any number of threads may use it at once.
class PictureCache {
 public:
  using Pictures = std::shared_ptr<const std::vector<Image>>;

  explicit PictureCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Null if they are not there.
  Pictures find(std::size_t sample) const;
  void offer(std::size_t sample, const Pictures& pictures);

 private:
  std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::size_t bytes_ = 0;
  std::unordered_map<std::size_t, Pictures> pictures_;
};

}  // namespace blip::train
