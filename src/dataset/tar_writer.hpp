// TarWriter: a tar archive written from front to back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/replacement_file.hpp"

namespace blip::dataset {

/// The bytes depend on names and contents alone: no times, owners or modes. ustar, with a pax
/// header for a name of more than 100 bytes. The file has its name from finish() on.
class TarWriter {
 public:
  /// Throws unreadable, naming the file, for whatever the system refuses; so do the others.
  explicit TarWriter(const std::filesystem::path& path);

  /// Throws invalid_argument for a name that index_tar would refuse, or 8 GiB and more.
  void add(const std::string& name, std::span<const std::byte> content);
  /// Ends the archive, waits until it is on the disk and gives it its name.
  void finish();
  /// Bytes so far.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  void write(std::span<const std::byte> bytes);
  void write_padded(std::span<const std::byte> bytes);
  void flush();

  std::filesystem::path path_;
  ReplacementFile replacement_;
  std::string buffer_;
  std::uint64_t size_ = 0;
};

}  // namespace blip::dataset
