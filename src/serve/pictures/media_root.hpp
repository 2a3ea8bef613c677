// MediaRoot: pictures that clients name by their paths, below one directory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace blip::serve {

class MediaRoot {
 public:
  MediaRoot() = default;
  /// An empty root gives nothing to anybody. Throws not_found if it is no directory.
  explicit MediaRoot(const std::filesystem::path& root);

  /// The file at `path`, absolute or below the root, "file://" or not. Where symbolic links lead
  /// counts. Throws invalid_argument (outside, and in the same words for what does not exist),
  /// limit_exceeded.
  [[nodiscard]] std::string read(const std::string& path, std::size_t max_bytes) const;

 private:
  std::filesystem::path root_;
};

}  // namespace blip::serve
