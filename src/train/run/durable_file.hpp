// Files and directories that are on the disk before they get the name that others look for.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace blip::train {

/// A file that is being written. Throws unreadable, naming the file and what the system says, for
/// whatever cannot be written.
class DurableFile {
 public:
  /// Makes it, or empties the one that is there.
  explicit DurableFile(std::filesystem::path path);
  ~DurableFile();
  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;

  void write(std::string_view bytes) const;
  /// Returns once the bytes are on the disk.
  void close();

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

/// Throws unreadable: "PATH: cannot be written: No space left on device".
[[noreturn]] void throw_write_error(const std::filesystem::path& path, int error_number);

/// Puts the names of a directory's entries on the disk.
void sync_directory(const std::filesystem::path& directory);

/// Writes a small file under another name, then gives it its own: readers see all of the old text
/// or all of the new.
void replace_file(const std::filesystem::path& path, std::string_view text);
/// The same of a file that `write` makes, durably, at the path it is given.
void replace_file(const std::filesystem::path& path,
                  const std::function<void(const std::filesystem::path&)>& write);

/// Gives `directory` the name `target` at once; a directory that has this name already is deleted.
void replace_directory(const std::filesystem::path& directory, const std::filesystem::path& target);

}  // namespace blip::train
