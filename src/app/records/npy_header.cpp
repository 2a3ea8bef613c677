#include "app/records/npy_header.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstddef>
#include <string_view>

namespace blip::app {

std::string npy_header(std::span<const std::uint64_t> shape) {
  // What numpy writes: padding to a multiple of 64 bytes, with room for the first dimension to
  // grow to the largest there is, so that the size never changes.
  constexpr std::size_t kHeaderBytes = 128;
  constexpr std::string_view kMagic{"\x93NUMPY\x01\x00", 8};
  constexpr std::size_t kDictionary = kHeaderBytes - kMagic.size() - 2;
  const char order = std::endian::native == std::endian::little ? '<' : '>';
  std::string sides;
  for (const std::uint64_t side : shape)
    sides += fmt::format("{}{}", sides.empty() ? "" : ", ", side);
  std::string dictionary =
      fmt::format("{{'descr': '{}f4', 'fortran_order': False, 'shape': ({}), }}", order, sides);
  dictionary.resize(kDictionary - 1, ' ');
  return std::string(kMagic) + static_cast<char>(kDictionary) + '\0' + dictionary + '\n';
}

}  // namespace blip::app
