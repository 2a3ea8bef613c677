// Replacing a file that somebody else made: what it is to the system stays, nothing gets lost.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace blip::app {

struct ReplacementOptions {
  bool backup = false;          ///< keep the file that is replaced as NAME_original
  bool preserve_times = false;  ///< the new file has the times of the old one
};

/// Copies a file, at once and whole, to a name that is free; false: it is not. For file systems
/// that give no file a second name. Throws WriteError and std::filesystem::filesystem_error.
bool copy_to_new_name(const std::filesystem::path& from, const std::filesystem::path& name);

/// A file as it was when it was read, so that what somebody else writes meanwhile is not lost.
class FileToReplace {
 public:
  /// A link stays a link: what it leads to is replaced. The file need not be there. Throws Error.
  explicit FileToReplace(const std::filesystem::path& path);

  [[nodiscard]] bool exists() const noexcept { return status_.has_value(); }

  /// Puts `bytes` in its place, at once: whoever reads sees the old file or the new one, after a
  /// crash as well. Permissions, owner (where the system lets us) and extended attributes are the
  /// old file's. Throws Error, for a file that has changed since as well; then it is as it was.
  /// The message has no name.
  void replace(std::string_view bytes, const ReplacementOptions& options) const;

 private:
  void keep_original() const;
  [[nodiscard]] bool is_unchanged() const;

  std::filesystem::path path_;
  std::optional<struct stat> status_;
};

}  // namespace blip::app
