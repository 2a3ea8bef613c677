// The zip archive that torch.save writes: which files it holds, and where their bytes lie.
//
// Why not a library: the tensors are used in place, so what is needed is where a stored entry's
// bytes begin in the mapped file. libzip does not tell. minizip does, but opens the file by itself
// a second time, and passes repeated names, overlapping entries and a local header that contradicts
// the directory, each of which makes two readers of one file see two different models. What is left
// of the format without compression, encryption and splitting is the page below.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace blip {

/// A training checkpoint of BLIP has 3,000 entries.
inline constexpr std::size_t kMaxZipEntries = 100'000;

struct ZipEntry {
  std::string_view name;             // points into the archive
  std::span<const std::byte> bytes;  // likewise
};

/// Entries sorted by name. Throws malformed (also for a repeated name, entries that overlap, a name
/// with "..", a backslash or a leading slash), unsupported (compressed, encrypted, split) or
/// limit_exceeded. Entries below "…/code/" may be compressed: their bytes are as they lie, of no
/// use; `file` stands for the archive in messages. Checksums are not looked at: PyTorch
/// has an option to leave them out, and ignores them itself.
std::vector<ZipEntry> read_zip_directory(std::span<const std::byte> archive,
                                         const std::string& file);

/// Null when there is none.
const ZipEntry* find_entry(std::span<const ZipEntry> entries, std::string_view name);

}  // namespace blip
