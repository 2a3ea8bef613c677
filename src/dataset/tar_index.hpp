// The table of contents of a tar archive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "dataset/byte_source.hpp"

namespace blip::dataset {

/// WebDataset's shards have some ten thousand members.
inline constexpr std::size_t kMaxTarMembers = 4'000'000;
/// Linux's PATH_MAX.
inline constexpr std::size_t kMaxTarNameBytes = 4096;
/// Of an extended header, which holds little more than a name.
inline constexpr std::size_t kMaxTarExtensionBytes = std::size_t{1} << 20;

struct TarMember {
  std::string name;  ///< valid UTF-8, without a leading "./"
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// The regular files of an archive, in its order, reading the headers alone. ustar, GNU (long
/// names, sizes in base 256) and pax ("path" and "size"); directories, links and devices are passed
/// over. Throws malformed, naming the file and the byte: a checksum that is wrong, a member that
/// reaches beyond the end, no block of zeros at the end (a truncated file), a name that is empty or
/// not UTF-8; unsupported for sparse files and archives in several volumes; limit_exceeded.
std::vector<TarMember> index_tar(const ByteSource& source);

}  // namespace blip::dataset
