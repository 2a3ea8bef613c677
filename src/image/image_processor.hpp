// ImageProcessor: pictures of any size made what a model's vision encoder takes.
#pragma once

#include <memory>
#include <span>

#include "blip/image.hpp"
#include "blip/tensor.hpp"

namespace blip {

/// Immutable: every member is const and may be called from many threads at once.
class ImageProcessor {
 public:
  ImageProcessor() = default;
  virtual ~ImageProcessor() = default;
  ImageProcessor(const ImageProcessor&) = delete;
  ImageProcessor& operator=(const ImageProcessor&) = delete;

  /// images: B pictures → pixel_values [B, 3, H, W]. Throws invalid_argument for an empty batch, or
  /// pictures that do not come out at the same size.
  [[nodiscard]] virtual Tensor operator()(std::span<const Image> images) const = 0;

  /// The side that pictures are resized to: the longest one of a fixed size, the shortest one where
  /// the aspect ratio is kept; 0: they are not. A decoder may shrink a picture whose sides all stay
  /// well above it.
  [[nodiscard]] virtual int resized_side() const noexcept = 0;

  /// The same processor for pixel_values [B, 3, side, side].
  [[nodiscard]] virtual std::shared_ptr<const ImageProcessor> with_size(int side) const = 0;
};

}  // namespace blip
