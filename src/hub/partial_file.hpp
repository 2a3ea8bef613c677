// PartialFile: a file that grows while it is downloaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace blip::hub {

/// Throws unreadable, naming the file, for whatever the system refuses.
class PartialFile {
 public:
  /// Opens the file for appending, creating it if need be.
  explicit PartialFile(std::filesystem::path path);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  void append(std::span<const std::byte> bytes);
  void clear();
  /// Until the bytes are on the disk.
  void flush();

 private:
  [[noreturn]] void fail(int error) const;

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace blip::hub
