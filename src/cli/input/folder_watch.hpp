// FolderWatch: tells when something in some folders has changed. By inotify, of Linux.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace blip::cli {

class FolderWatch {
 public:
  /// With all folders below if `recursive`; hidden ones are left out. Throws Error if the system
  /// allows no more watches.
  FolderWatch(std::vector<std::filesystem::path> folders, bool recursive);
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  /// Watches folders that are new. What happens after this call ends the next wait(). Call it
  /// before looking at what is there.
  void refresh();
  /// Returns when a file was written, moved or removed, and then for as long as `quiet` nothing
  /// more has happened, or `most` has passed since the first.
  void wait(std::chrono::milliseconds quiet, std::chrono::milliseconds most);

 private:
  void watch(const std::filesystem::path& folder);
  // Whether there were any; takes all that are there.
  bool take_events();
  // Whether there is an event before `limit` has passed; negative: without limit.
  [[nodiscard]] bool has_event(std::chrono::milliseconds limit) const;

  std::vector<std::filesystem::path> folders_;
  bool recursive_;
  int descriptor_ = -1;
};

}  // namespace blip::cli
