// FileMapping: a whole file as read-only memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace blip {

/// How a mapped file is going to be read.
enum class Reading {
  whole,  ///< all of it, soon: reading ahead begins at once
  parts,  ///< some of it
};

/// The pages are the page cache's own: nothing is copied, and processes that run the same model
/// share them. The file must not be changed while it is mapped: values would change underfoot, and
/// reading past the new end of a file that someone truncates raises SIGBUS, which this library
/// leaves to the program. Replace model files by renaming new ones over them.
class FileMapping {
 public:
  /// Throws not_found or unreadable, naming the file. An empty file is an empty mapping.
  explicit FileMapping(const std::filesystem::path& path, Reading reading = Reading::whole);
  ~FileMapping();
  FileMapping(FileMapping&& other) noexcept;
  FileMapping& operator=(FileMapping&& other) noexcept;
  FileMapping(const FileMapping&) = delete;
  FileMapping& operator=(const FileMapping&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

  /// Gives the pages that lie wholly within `part` back to the system, whose page cache keeps them
  /// as long as it likes: they count no more as this process's memory, and can still be read. Does
  /// nothing if `part` is not part of this mapping.
  void release(std::span<const std::byte> part) const noexcept;

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace blip
