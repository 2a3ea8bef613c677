// Files that must not be opened beside those who hold locks on them.
#pragma once

#include <filesystem>

namespace blip {

/// Says that this process holds locks of fcntl() on a file, as SQLite does. Closing any descriptor
/// of such a file gives all of them up, and other processes then damage it. While this lives,
/// refuse_locked_file() knows the file, and those with "-wal" and "-shm" behind its name.
class LockedFile {
 public:
  explicit LockedFile(std::filesystem::path path);
  ~LockedFile();
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;

 private:
  std::filesystem::path path_;
};

/// Throws unreadable for a file that a LockedFile names, by whatever name it is asked for: before
/// it is opened, as a photo that somebody's index names.
void refuse_locked_file(const std::filesystem::path& path);

}  // namespace blip
