// Writing files: all bytes or an error, on the disk before they get the name that others look for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

#include "blip/error.hpp"

namespace blip {

/// The code is unreadable, the message "PATH: cannot be written: No space left on device".
class WriteError : public Error {
 public:
  WriteError(std::filesystem::path path, int error_number);
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] int error_number() const noexcept { return error_number_; }

 private:
  std::filesystem::path path_;
  int error_number_;
};

/// A file that is being written. Every function throws WriteError.
class DurableFile {
 public:
  enum class Mode {
    replace,  ///< makes it, or empties the one that is there
    append,   ///< makes it, or writes behind what is there
    /// The same, but refuses symbolic links and what is no regular file: in a directory that
    /// several people share, a link may lead anywhere.
    append_without_links,
  };

  explicit DurableFile(std::filesystem::path path, Mode mode = Mode::replace);
  ~DurableFile();
  DurableFile(DurableFile&& other) noexcept;
  DurableFile& operator=(DurableFile&&) = delete;
  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;

  /// Unbuffered: what has been written survives the end of this process.
  void write(std::string_view bytes);
  void write(std::span<const std::byte> bytes);
  /// Over what is there, or behind it: what lies between is zeros. Not of a file that is appended
  /// to.
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Empties it.
  void clear();
  /// Returns once the bytes are on the disk.
  void sync();
  /// The same, and reports what some file systems report only at the end. Nothing if it is closed.
  void close();

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// A file that is written under another name beside `target` and takes its name once it is whole:
/// readers see all of the old file or all of the new. Every function throws WriteError.
class ReplacementFile {
 public:
  /// Under the name ".partial-NAME".
  explicit ReplacementFile(std::filesystem::path target);
  /// `partial`: the other name, in the same directory.
  ReplacementFile(std::filesystem::path target, std::filesystem::path partial);
  /// Removes what was written, unless it was put in place.
  ~ReplacementFile();
  ReplacementFile(ReplacementFile&& other) noexcept;
  ReplacementFile& operator=(ReplacementFile&&) = delete;
  ReplacementFile(const ReplacementFile&) = delete;
  ReplacementFile& operator=(const ReplacementFile&) = delete;

  [[nodiscard]] DurableFile& file() noexcept { return file_; }
  /// Closes it and gives it its name, in place of what may have had it.
  void put_in_place();

 private:
  std::filesystem::path target_;
  DurableFile file_;
  bool is_pending_ = true;
};

/// Replaces a file by `text`, or by what `write` writes. Throws WriteError and what `write` throws;
/// the old file is then as it was.
void replace_file(const std::filesystem::path& path, std::string_view text);
void replace_file(const std::filesystem::path& path,
                  const std::function<void(DurableFile&)>& write);

/// Gives `directory` the name `target` at once; a directory that has this name already is deleted.
/// Throws WriteError.
void replace_directory(const std::filesystem::path& directory, const std::filesystem::path& target);

/// Makes a directory, and those above it, unless it is there. Throws WriteError.
void make_directories(const std::filesystem::path& directory);

/// Puts the names of a directory's entries on the disk. Throws WriteError.
void sync_directory(const std::filesystem::path& directory);

}  // namespace blip
