// The pictures of golden results: where they are looked for and kept.
#pragma once

#include <filesystem>
#include <string>

#include "app/verify/goldens.hpp"

namespace blip::app {

/// Where the picture of a golden result is, or why it is nowhere.
struct GoldenImage {
  std::filesystem::path path = {};
  std::string problem = {};  ///< empty if it is there
};

/// Looks in `folder` (unless that is empty) and in $XDG_CACHE_HOME/blip/images, to which it is
/// downloaded if `download`.
GoldenImage find_golden_image(const GoldenPicture& picture, const std::filesystem::path& folder,
                              bool download);

}  // namespace blip::app
