// Writing a file under another name until it is whole: readers see all of the old or all of the
// new.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "core/durable_file.hpp"

namespace blip {

/// A file that is written under a hidden name beside `target` and takes its name once it is whole.
/// The hidden name (".blip-partial-" and digits) is nobody else's: neither another process, in
/// whatever container, nor a link that waits there can get at what is written. A target that is a
/// link stays one: what it leads to is replaced. What is no regular file (a pipe, a device) is
/// written into as it is. Errors name the target. Every function throws WriteError.
class ReplacementFile {
 public:
  /// `permissions`: of the new file, less the process's umask.
  explicit ReplacementFile(const std::filesystem::path& target,
                           std::filesystem::perms permissions = DurableFile::kForEverybody);
  /// Removes what was written, unless it was put in place.
  ~ReplacementFile();
  ReplacementFile(ReplacementFile&& other) noexcept;
  ReplacementFile& operator=(ReplacementFile&&) = delete;
  ReplacementFile(const ReplacementFile&) = delete;
  ReplacementFile& operator=(const ReplacementFile&) = delete;

  [[nodiscard]] DurableFile& file() noexcept { return file_; }
  /// Syncs it and gives it its name, in place of what may have had it.
  void put_in_place();
  /// The same where the name is free; false: it is not, and nothing was changed.
  [[nodiscard]] bool put_at_free_name();

 private:
  struct Place;
  ReplacementFile(const Place& place, std::filesystem::perms permissions);
  void has_been_put();

  std::filesystem::path target_;
  bool is_hidden_;  // not for what is written into as it is
  DurableFile file_;
  bool is_pending_ = true;
};

/// Replaces a file by `text`, or by what `write` writes. Throws WriteError and what `write` throws;
/// the old file is then as it was.
void replace_file(const std::filesystem::path& path, std::string_view text);
void replace_file(const std::filesystem::path& path,
                  const std::function<void(DurableFile&)>& write);

/// Removes what this process is writing in `directory`: for when it is told to stop.
void remove_own_partial_files(const std::filesystem::path& directory) noexcept;

/// Removes what processes that were killed have left in `directory`. What others are writing there
/// stays: they hold a lock on it.
void remove_abandoned_partial_files(const std::filesystem::path& directory) noexcept;

}  // namespace blip
