// FileLock: the lock that Python's filelock, and so huggingface_hub, takes on the same file.
#pragma once

#include <filesystem>
#include <functional>

namespace blip::hub {

class FileLock {
 public:
  /// Waits until it has the lock, asking `keep_waiting` ten times a second. Throws cancelled if
  /// that says no, unreadable if the file cannot be made.
  FileLock(const std::filesystem::path& file, const std::function<bool()>& keep_waiting);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  /// False where the file system knows no locks: then nobody else is kept out.
  [[nodiscard]] bool excludes_others() const noexcept { return locked_; }

 private:
  int descriptor_ = -1;
  bool locked_ = false;
};

}  // namespace blip::hub
