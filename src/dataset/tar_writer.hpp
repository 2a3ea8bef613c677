// TarWriter: a tar archive written from front to back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace blip::dataset {

/// The bytes depend on names and contents alone: no times, owners or modes. ustar, with a pax
/// header for a name of more than 100 bytes. The file has another name (.NAME.partial) until
/// finish().
class TarWriter {
 public:
  /// Throws unreadable, naming the file, for whatever the system refuses; so do the others.
  explicit TarWriter(const std::filesystem::path& path);
  ~TarWriter();  ///< removes the file unless it is finished
  TarWriter(TarWriter&& other) noexcept = default;
  TarWriter& operator=(TarWriter&& other) = delete;
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  /// Throws invalid_argument for a name that index_tar would refuse, or 8 GiB and more.
  void add(const std::string& name, std::span<const std::byte> content);
  /// Ends the archive, waits until it is on the disk and gives it its name.
  void finish();
  /// Bytes so far.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void write(std::span<const std::byte> bytes);
  void write_padded(std::span<const std::byte> bytes);
  [[noreturn]] void fail(int error) const;

  std::filesystem::path path_;
  std::filesystem::path partial_path_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::uint64_t size_ = 0;
};

}  // namespace blip::dataset
