#include "core/locked_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "blip/error.hpp"

namespace blip {
namespace {

struct LockedPaths {
  std::mutex mutex;
  std::vector<std::filesystem::path> paths;  // a file that is opened twice is there twice
};

LockedPaths& locked_paths() {
  static LockedPaths locked;
  return locked;
}

bool is_same_file(const struct stat& status, const std::string& path) {
  struct stat other {};
  return ::stat(path.c_str(), &other) == 0 && other.st_dev == status.st_dev &&
         other.st_ino == status.st_ino;
}

}  // namespace

LockedFile::LockedFile(std::filesystem::path path)
    : path_(std::filesystem::absolute(std::move(path))) {
  LockedPaths& locked = locked_paths();
  const std::lock_guard lock(locked.mutex);
  locked.paths.push_back(path_);
}

LockedFile::~LockedFile() {
  LockedPaths& locked = locked_paths();
  const std::lock_guard lock(locked.mutex);
  const auto found = std::find(locked.paths.begin(), locked.paths.end(), path_);
  if (found != locked.paths.end()) locked.paths.erase(found);
}

void refuse_locked_file(const std::filesystem::path& path) {
  LockedPaths& locked = locked_paths();
  const std::lock_guard lock(locked.mutex);
  struct stat status {};
  if (locked.paths.empty() || ::stat(path.c_str(), &status) != 0) return;
  for (const std::filesystem::path& each : locked.paths) {
    for (const char* ending : {"", "-wal", "-shm"}) {
      if (is_same_file(status, each.string() + ending)) {
        throw Error(ErrorCode::unreadable,
                    path.string() + ": is the index that is being used, or a part of it");
      }
    }
  }
}

}  // namespace blip
