// Rows of whatever a decoder delivers, turned into RGB bytes as Pillow's convert("RGB") does.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blip::image {

enum class SampleType { u8, u16, s16, s32, u32, f32, f64 };

enum class ColourModel {
  grey,  ///< one sample of colour, then perhaps alpha
  rgb,   ///< three, then perhaps alpha
  cmyk,  ///< four: ink, 0 is none
};

struct PixelLayout {
  SampleType type = SampleType::u8;
  ColourModel model = ColourModel::rgb;
  std::size_t samples = 3;  ///< per pixel, alpha and unknown extra ones included
  /// Pillow keeps a lone 16-bit grey channel and clips it at 255; every other 16-bit picture it
  /// opens with the high bytes only.
  bool clip_u16 = false;
};

/// Bytes of one sample.
std::size_t size_of(SampleType type) noexcept;

/// row: [width, layout.samples] of layout.type → rgb: [width, 3]. Alpha is dropped, not blended.
void row_to_rgb(const void* row, const PixelLayout& layout, std::size_t width, std::uint8_t* rgb);

}  // namespace blip::image
