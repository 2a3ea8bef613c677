// OpenFile: a regular file opened for reading, and what a caller may do with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace blip {

/// Owns a file descriptor of a regular file.
class OpenFile {
 public:
  /// Throws not_found, or unreadable (a directory, a device, no permission, an index that this
  /// process uses), naming the file.
  explicit OpenFile(const std::filesystem::path& path);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  /// Bytes, when it was opened.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Fills `target` with the bytes at `offset`; any number of threads may read at once. Throws
  /// unreadable, naming the file, also where it ends before (it shrank since it was opened).
  void read_at(std::uint64_t offset, std::span<std::byte> target) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::size_t size_ = 0;
};

/// Throws as OpenFile does, but opens nothing: closing any descriptor of a file gives up all locks
/// that this process holds on it (fcntl), those of SQLite too.
void require_readable_file(const std::filesystem::path& path);

/// The whole of a small file, without the byte order mark that it may begin with. Throws as
/// OpenFile does, limit_exceeded beyond `max_bytes`, malformed for a Git LFS pointer, unsupported
/// for UTF-16.
std::string read_text_file(const std::filesystem::path& path, std::size_t max_bytes);

/// True if the path names something; a path that cannot be asked about (permissions, too long)
/// counts as there, so that opening it reports the cause.
bool file_exists(const std::filesystem::path& path) noexcept;

/// True for a regular file, or a link to one.
bool is_plain_file(const std::filesystem::path& path) noexcept;

}  // namespace blip
