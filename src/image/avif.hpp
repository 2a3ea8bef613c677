// AVIF pictures, read by libavif as Pillow reads them.
#pragma once

#include <avif/avif.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "image/resize.hpp"
#include "image/transparency.hpp"

namespace blip::image {

/// Whether the bytes of a HEIF file say that AV1 made them.
bool is_avif(std::span<const std::byte> bytes);

class AvifPicture {
 public:
  /// Reads the header. `bytes` must outlive the object.
  explicit AvifPicture(std::span<const std::byte> bytes);

  /// Width 0 if the file is damaged. As stored: not turned.
  [[nodiscard]] Size size() const noexcept { return size_; }
  /// By EXIF's numbers: what the file says of turning and mirroring, or its metadata if it says
  /// nothing.
  [[nodiscard]] int orientation() const;
  /// → [height, width, 3], of a sequence the first frame; empty if the file is damaged. Transparent
  /// pixels are laid over `background`, or without one lose their transparency.
  [[nodiscard]] std::vector<std::uint8_t> rgb(std::optional<Colour> background) const;

 private:
  struct Destroy {
    void operator()(avifDecoder* decoder) const { avifDecoderDestroy(decoder); }
  };

  std::unique_ptr<avifDecoder, Destroy> decoder_;
  Size size_{};
};

}  // namespace blip::image
