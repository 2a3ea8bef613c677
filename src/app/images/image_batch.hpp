// Pictures that are ready for a model, and which of them go through it in one call.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "blip/context.hpp"
#include "blip/encoded_image.hpp"
#include "blip/tensor.hpp"

namespace blip::app {

/// A picture as the model takes it, or why there is none.
struct PreparedImage {
  std::string name;       ///< as it was given; any bytes
  std::size_t index = 0;  ///< its place in the list that it is from
  Tensor pixel_values;    ///< [1, 3, H, W]; empty if it failed
  std::string error;      ///< the cause, without the name; empty if it did not fail
  /// What is asked of this picture alone: a prompt, a question, a text.
  std::optional<std::string> text = {};
  std::filesystem::path sidecar = {};  ///< the text file that belongs to it, if it is to have one
};

/// Images none of which has failed.
using Images = std::span<const PreparedImage* const>;

/// Pictures in the order of their list, those that failed among them.
class ImageBatch {
 public:
  explicit ImageBatch(std::vector<PreparedImage> all);
  ImageBatch(ImageBatch&&) = default;
  ImageBatch& operator=(ImageBatch&&) = default;
  ImageBatch(const ImageBatch&) = delete;
  ImageBatch& operator=(const ImageBatch&) = delete;
  ~ImageBatch() = default;

  [[nodiscard]] std::span<const PreparedImage> all() const noexcept { return all_; }
  /// Those that did not fail.
  [[nodiscard]] Images images() const noexcept { return images_; }

 private:
  std::vector<PreparedImage> all_;
  std::vector<const PreparedImage*> images_;  // into all_
};

/// `images` cut, in order, into runs of one shape (a model that does not resize has many); with
/// `consecutive` also of neighbouring places in the list.
std::vector<Images> runs_of_one_shape(Images images, bool consecutive = false);

/// Pixel values of several images as one: n of [1, 3, H, W] → [n, 3, H, W].
Tensor stacked_pixels(Images images);

/// pixel_values: [B, 3, H, W] → B images
using EncodeImages = std::function<std::vector<EncodedImage>(const Tensor&)>;

/// Every image through `encode`, as many together as have one shape.
std::vector<EncodedImage> encode_in_runs(Images images, const EncodeImages& encode);

}  // namespace blip::app
