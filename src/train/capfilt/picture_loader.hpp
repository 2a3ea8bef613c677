// PictureLoader: reads and decodes the next images while the models work on the last ones.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "blip/tensor.hpp"
#include "dataset/sample.hpp"

namespace blip::train {

/// An image ready for the models, or why it cannot be.
struct LoadedPicture {
  std::size_t image = 0;
  dataset::Sample sample;
  std::optional<Tensor> for_captioner;  ///< [1, 3, H, W], of each model there is
  std::optional<Tensor> for_filter;
  std::string error;
};

/// Hands images out in their order, whichever thread finishes first. At most `window` wait.
class PictureLoader {
 public:
  /// Never throws but for want of memory, which is then the image's error. Called from several
  /// threads at once.
  using Load = std::function<LoadedPicture(std::size_t image)>;

  /// Of images [first, end).
  PictureLoader(std::size_t first, std::size_t end, Load load, int threads, std::size_t window);

  /// Waits for the next image; nothing after the last.
  std::optional<LoadedPicture> next();

 private:
  void work(const std::stop_token& stop);

  Load load_;
  std::size_t window_;
  std::size_t next_;  // to hand out
  std::size_t end_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::optional<LoadedPicture>> slots_;  // from next_ on; empty while loading
  std::vector<std::jthread> threads_;               // last: they use all of the above
};

}  // namespace blip::train
