#include "image/pillow_rgb.hpp"

#include <algorithm>
#include <cstring>

namespace blip::image {
namespace {

// a * b / 255, rounded, without a division: Pillow's MULDIV255.
int multiply_255(int a, int b) {
  const int product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

std::uint8_t without_ink(int ink, int paper) {
  return static_cast<std::uint8_t>(std::clamp(paper - multiply_255(ink, paper), 0, 255));
}

template <typename Sample, typename ToByte>
void convert(const void* row, const PixelLayout& layout, std::size_t width, std::uint8_t* rgb,
             ToByte to_byte) {
  const auto* pixel = static_cast<const Sample*>(row);
  const auto* end = pixel + width * layout.samples;
  switch (layout.model) {
    case ColourModel::grey:
      for (; pixel != end; pixel += layout.samples, rgb += 3) {
        rgb[0] = rgb[1] = rgb[2] = to_byte(pixel[0]);
      }
      break;
    case ColourModel::rgb:
      for (; pixel != end; pixel += layout.samples, rgb += 3) {
        for (int c = 0; c < 3; ++c) rgb[c] = to_byte(pixel[c]);
      }
      break;
    case ColourModel::cmyk:
      for (; pixel != end; pixel += layout.samples, rgb += 3) {
        const int paper = 255 - to_byte(pixel[3]);
        for (int c = 0; c < 3; ++c) rgb[c] = without_ink(to_byte(pixel[c]), paper);
      }
      break;
  }
}

// Pillow's modes "I" and "F": what lies outside a byte is clipped, fractions are cut off.
template <typename Sample>
std::uint8_t clip(Sample value) {
  if (!(value > 0)) return 0;  // NaN too
  return value >= 255 ? 255 : static_cast<std::uint8_t>(value);
}

}  // namespace

std::size_t size_of(SampleType type) noexcept {
  switch (type) {
    case SampleType::u8:
      return 1;
    case SampleType::u16:
    case SampleType::s16:
      return 2;
    case SampleType::s32:
    case SampleType::u32:
    case SampleType::f32:
      return 4;
    case SampleType::f64:
      break;
  }
  return 8;
}

void row_to_rgb(const void* row, const PixelLayout& layout, std::size_t width, std::uint8_t* rgb) {
  switch (layout.type) {
    case SampleType::u8:
      if (layout.model == ColourModel::rgb && layout.samples == 3) {
        std::memcpy(rgb, row, 3 * width);
      } else {
        convert<std::uint8_t>(row, layout, width, rgb, [](std::uint8_t v) { return v; });
      }
      break;
    case SampleType::u16:
      if (layout.clip_u16) {
        convert<std::uint16_t>(row, layout, width, rgb, clip<std::uint16_t>);
      } else {
        convert<std::uint16_t>(row, layout, width, rgb,
                               [](std::uint16_t v) { return static_cast<std::uint8_t>(v >> 8); });
      }
      break;
    case SampleType::s16:
      convert<std::int16_t>(row, layout, width, rgb, clip<std::int16_t>);
      break;
    case SampleType::s32:
    case SampleType::u32:  // which Pillow reads as signed
      convert<std::int32_t>(row, layout, width, rgb, clip<std::int32_t>);
      break;
    case SampleType::f32:
      convert<float>(row, layout, width, rgb, clip<float>);
      break;
    case SampleType::f64:
      convert<double>(row, layout, width, rgb, clip<double>);
      break;
  }
}

}  // namespace blip::image
