// One 512-byte header of a tar archive.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace blip::dataset {

inline constexpr std::size_t kTarBlock = 512;
using TarBlock = std::array<std::byte, kTarBlock>;

struct TarHeader {
  std::string name;  ///< prefix and name together
  std::uint64_t size = 0;
  char type = '0';
};

struct TarHeaderResult {
  std::optional<TarHeader> header;
  std::string_view problem;  ///< why there is none
};

/// True for the block of zeros that ends an archive.
bool is_end_block(const TarBlock& block) noexcept;

/// ustar, GNU and version 7 headers; the checksum must be right.
TarHeaderResult parse_tar_header(const TarBlock& block);

/// Of a regular file: mode 0644, no owner, no time, so that the same content gives the same bytes.
/// `type` '0' is a file, 'x' an extended header. The name is cut to the 100 bytes it may have.
TarBlock tar_header(std::string_view name, std::uint64_t size, char type);

/// `size` rounded up to whole blocks.
constexpr std::uint64_t tar_padded(std::uint64_t size) {
  return (size + kTarBlock - 1) / kTarBlock * kTarBlock;
}

}  // namespace blip::dataset
