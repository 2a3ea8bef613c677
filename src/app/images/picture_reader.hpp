// PictureReader: pictures as people name them, made what a model's vision encoder takes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "blip/image.hpp"
#include "blip/tensor.hpp"
#include "image/image_processor.hpp"

namespace blip::app {

struct PictureOptions {
  bool exif_rotation = true;        ///< turn photos upright by their EXIF tag
  bool shrink = false;              ///< large JPEG photos while they are decoded
  std::optional<int> image_size{};  ///< instead of the size that the model was made for
  std::int64_t max_pixels = ImageOptions{}.max_pixels;       ///< of a picture that is not refused
  bool blend_transparency = true;                            ///< off: transparency is dropped
  std::array<std::uint8_t, 3> background = {255, 255, 255};  ///< what transparent pixels show
};

/// Immutable after construction: safe to call from many threads at once. All throw blip::Error.
class PictureReader {
 public:
  /// Of the model in `model`, a model directory or checkpoint file, or of `processor`, another one,
  /// if it is named.
  PictureReader(const std::filesystem::path& model, const PictureOptions& options,
                const std::filesystem::path& processor = {});

  /// A picture file's bytes as a picture, as the options have it; `name` stands for it in messages.
  [[nodiscard]] Image decode(std::span<const std::byte> bytes, const std::string& name) const;

  // All → pixel_values [1, 3, H, W].

  /// Of a file, or of what an http(s) URL leads to.
  [[nodiscard]] Tensor operator()(const std::filesystem::path& picture) const;
  /// Of a picture file's bytes in memory; `name` stands for it in messages.
  [[nodiscard]] Tensor operator()(std::span<const std::byte> bytes, const std::string& name) const;
  [[nodiscard]] Tensor operator()(const Image& image) const;

 private:
  ImageOptions image_options_;
  std::shared_ptr<const ImageProcessor> processor_;
};

}  // namespace blip::app
