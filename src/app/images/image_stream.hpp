// ImageStream: reads and prepares the next pictures while the model works on the last ones.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "app/images/image_batch.hpp"
#include "core/ordered_prefetcher.hpp"

namespace blip::app {

/// One picture to read, or one name that turned out to stand for none.
struct ImageInput {
  std::filesystem::path path = {};
  std::size_t index = 0;   ///< its place in the whole list
  std::string error = {};  ///< why there is nothing to open (a folder without images), else empty
  std::optional<std::string> text = {};  ///< PreparedImage::text
  std::filesystem::path sidecar = {};    ///< PreparedImage::sidecar
};

/// The next picture of a list; nothing after the last. Called by one thread at a time; returns
/// early when it is told to stop.
using NextInput = std::function<std::optional<ImageInput>(const std::stop_token&)>;
/// → pixel_values [1, 3, H, W]. Called by several threads at once.
using PrepareInput = std::function<Tensor(const ImageInput&)>;

/// One picture; what `prepare` throws becomes its error.
PreparedImage prepare_image(const ImageInput& input, const PrepareInput& prepare);

/// Hands pictures out in the order of the list, whichever thread finishes first.
class ImageStream {
 public:
  /// At most `window` prepared pictures wait; as many are being decoded as there are threads, but
  /// not more than kMaxDecoders.
  ImageStream(NextInput next, PrepareInput prepare, int threads, std::size_t window);

  /// Waits for the next `size` pictures, fewer at the end of the list; nothing after it. What
  /// `prepare` throws becomes the picture's error; what `next` throws is thrown. With `patience`,
  /// fewer as well once the list has kept it waiting for longer than that: not for pictures that
  /// are slow to prepare, so that what goes together is the same for every list that is there.
  std::optional<ImageBatch> next_batch(std::size_t size,
                                       std::optional<std::chrono::milliseconds> patience = {});

  /// More only fill the memory with decoded pictures.
  static constexpr int kMaxDecoders = 8;

 private:
  OrderedPrefetcher<ImageInput, PreparedImage> prefetcher_;
};

}  // namespace blip::app
