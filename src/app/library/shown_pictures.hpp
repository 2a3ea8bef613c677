// ShownPictures: a photo's file as JPEG files that a browser can show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "app/library/recently_used.hpp"

namespace blip::app {

/// Upright, and without the file's metadata. Safe to call from many threads at once. All throw
/// Error: not_found for what is no file, and what Image::open throws.
class ShownPictures {
 public:
  using File = std::shared_ptr<const std::vector<std::byte>>;

  /// A picture of more pixels is refused.
  explicit ShownPictures(std::int64_t max_pixels) : max_pixels_(max_pixels) {}

  /// Remembered by `version`, which tells the file's content.
  File thumbnail(const std::string& path, const std::string& version);
  /// At most kShownSide pixels a side.
  [[nodiscard]] File picture(const std::string& path) const;

 private:
  const std::int64_t max_pixels_;
  RecentlyUsed<File> thumbnails_{std::size_t{64} << 20};  // bytes
};

}  // namespace blip::app
