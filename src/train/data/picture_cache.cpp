#include "train/data/picture_cache.hpp"

namespace blip::train {

PictureCache::Pictures PictureCache::find(std::size_t sample) const {
  const std::lock_guard lock(mutex_);
  const auto found = pictures_.find(sample);
  return found == pictures_.end() ? nullptr : found->second;
}

void PictureCache::offer(std::size_t sample, const Pictures& pictures) {
  std::size_t bytes = 0;
  for (const Image& picture : *pictures) bytes += picture.pixels().size();
  const std::lock_guard lock(mutex_);
  if (bytes > max_bytes_ - bytes_) return;
  if (pictures_.emplace(sample, pictures).second) bytes_ += bytes;
}

}  // namespace blip::train
