#include "train/capfilt/picture_loader.hpp"

#include <new>
#include <utility>

namespace blip::train {

PictureLoader::PictureLoader(std::size_t first, std::size_t end, Load load, int threads,
                             std::size_t window)
    : load_(std::move(load)), window_(window), next_(first), end_(end) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

std::optional<LoadedPicture> PictureLoader::next() {
  std::unique_lock lock(mutex_);
  if (next_ == end_) return std::nullopt;
  changed_.wait(lock, [this] { return !slots_.empty() && slots_.front().has_value(); });
  std::optional<LoadedPicture> picture = std::move(slots_.front());
  slots_.pop_front();
  ++next_;
  changed_.notify_all();
  return picture;
}

void PictureLoader::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto is_last_begun = [this] { return next_ + slots_.size() == end_; };
  while (true) {
    const bool go =
        changed_.wait(lock, stop, [&] { return is_last_begun() || slots_.size() < window_; });
    if (!go || is_last_begun()) return;
    const std::size_t image = next_ + slots_.size();
    slots_.emplace_back();
    lock.unlock();
    LoadedPicture picture;
    try {
      picture = load_(image);
    } catch (const std::bad_alloc&) {
      picture = {.image = image,
                 .sample = {},
                 .for_captioner = {},
                 .for_filter = {},
                 .error = "not enough memory to read this picture"};
    }
    lock.lock();
    slots_[image - next_] = std::move(picture);
    changed_.notify_all();
  }
}

}  // namespace blip::train
