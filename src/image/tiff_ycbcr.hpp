// TIFF files whose pixels are a brightness and two differences of colour, which libvips takes for
// red, green and blue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "image/resize.hpp"

namespace blip::image {

/// Y, Cb and Cr of JFIF, as bytes, to RGB as Pillow's ImagingConvertYCbCr2RGB: in place.
/// pixels: [width, 3]
void ycbcr_to_rgb(std::uint8_t* pixels, std::size_t width) noexcept;

/// The first picture of a file, read by libtiff's own conversion to RGB. Pillow has it read
/// compressed files in this way; it alone undoes subsampled colour.
class YcbcrTiff {
 public:
  explicit YcbcrTiff(std::span<const std::byte> bytes);
  ~YcbcrTiff();
  YcbcrTiff(const YcbcrTiff&) = delete;
  YcbcrTiff& operator=(const YcbcrTiff&) = delete;

  /// Width 0 if the file is damaged.
  [[nodiscard]] Size size() const noexcept { return size_; }
  /// Of its tag; 1 without one.
  [[nodiscard]] int orientation() const noexcept { return orientation_; }
  /// → [height, width, 3], as stored; empty if the file is damaged.
  [[nodiscard]] std::vector<std::uint8_t> rgb() const;

 private:
  struct Reader;
  std::unique_ptr<Reader> reader_;
  Size size_{};
  int orientation_ = 1;
};

}  // namespace blip::image
