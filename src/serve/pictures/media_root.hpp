// MediaRoot: pictures that clients name by their paths, below one directory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace blip::serve {

class MediaRoot {
 public:
  MediaRoot() = default;
  /// An empty root gives nothing to anybody. `locked` are files that are never opened: this process
  /// holds locks on them, which closing them would give up. Throws not_found if the root is no
  /// directory.
  explicit MediaRoot(const std::filesystem::path& root,
                     std::vector<std::filesystem::path> locked = {});

  /// The file at `path`, absolute or below the root, "file://" or not. Where symbolic links lead
  /// counts. Throws invalid_argument (outside, and in the same words for what does not exist),
  /// limit_exceeded.
  [[nodiscard]] std::string read(const std::string& path, std::size_t max_bytes) const;

 private:
  std::filesystem::path root_;
  std::vector<std::filesystem::path> locked_;
};

}  // namespace blip::serve
