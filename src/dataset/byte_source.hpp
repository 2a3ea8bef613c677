// ByteSource: bytes that are read here and there, of a file or of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

namespace blip::dataset {

struct ByteSource {
  std::string name;  ///< for messages
  std::uint64_t size = 0;
  /// Fills the span with the bytes at an offset; never asked for bytes beyond `size`.
  std::function<void(std::uint64_t, std::span<std::byte>)> read;
};

/// Opens the file and keeps it open. Throws as OpenFile does.
ByteSource open_source(const std::filesystem::path& path);

/// The text at `offset`. The caller has checked that it lies within the source.
std::string read_text(const ByteSource& source, std::uint64_t offset, std::size_t size);

/// Throws malformed: "NAME: at byte OFFSET: PROBLEM".
[[noreturn]] void throw_at(const ByteSource& source, std::uint64_t offset,
                           const std::string& problem);

}  // namespace blip::dataset
