// Rows of a TIFF file's samples, turned into RGB bytes as Pillow does it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "image/lab.hpp"
#include "image/tiff_tags.hpp"

namespace blip::image {

class TiffRows {
 public:
  /// Transparent pixels are laid over `background`, or without one lose their transparency.
  TiffRows(const TiffTags& tags, const TiffLayout& layout, std::optional<Colour> background);

  /// row: `width` pixels as stored, all samples of a pixel together → rgb: [width, 3]
  void convert(std::span<const std::byte> row, bool is_big_endian, bool low_bit_first,
               std::size_t width, std::uint8_t* rgb);

 private:
  /// → [width, samples], bytes
  void unpack_bytes(std::span<const std::byte> row, bool is_big_endian, bool low_bit_first,
                    std::size_t width);
  /// Of grey with more than eight bits → [width] of layout_.type
  void unpack_deep(std::span<const std::byte> row, bool is_big_endian, bool low_bit_first,
                   std::size_t width);
  void colour(std::size_t width, std::uint8_t* rgb);

  TiffLayout layout_;
  std::vector<Colour> palette_;
  std::optional<Colour> background_;
  std::optional<LabToRgb> lab_;
  std::vector<std::uint8_t> samples_;
};

}  // namespace blip::image
