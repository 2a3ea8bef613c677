// Writing files: all bytes or an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
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
    create_new,  ///< makes it; the error EEXIST if anything, a link too, has the name
    existing,    ///< writes into what is there: a pipe, a device
  };

  static constexpr std::filesystem::perms kForEverybody{0666};
  static constexpr std::filesystem::perms kForTheOwner{0600};

  explicit DurableFile(std::filesystem::path path, Mode mode = Mode::replace);
  /// Errors call it `named`. `permissions`: of a file that it makes, less the process's umask.
  DurableFile(std::filesystem::path path, Mode mode, std::filesystem::path named,
              std::filesystem::perms permissions = kForEverybody);
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
  /// Returns once the bytes are on the disk; at once for pipes, for devices and for what is closed.
  void sync();
  /// The same, and reports what some file systems report only at the end.
  void close();

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  [[noreturn]] void fail(int error_number) const;

  std::filesystem::path path_;
  std::filesystem::path named_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// Gives `directory` the name `target` at once; a directory that has this name already is deleted.
/// Throws WriteError.
void replace_directory(const std::filesystem::path& directory, const std::filesystem::path& target);

/// Makes a directory, and those above it, unless it is there. Throws WriteError.
void make_directories(const std::filesystem::path& directory);

/// The directory that a path's last name is in: "." of a plain name.
std::filesystem::path directory_of(const std::filesystem::path& path);

/// Puts the names of a directory's entries on the disk. Throws WriteError.
void sync_directory(const std::filesystem::path& directory);

}  // namespace blip
