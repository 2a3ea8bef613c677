// PictureSource: makes bytes of pictures that a request names by URL or path.
#pragma once

#include <cstddef>

#include "serve/engine/task.hpp"
#include "serve/pictures/image_fetcher.hpp"
#include "serve/pictures/media_root.hpp"

namespace blip::serve {

struct PictureSource {
  ImageFetcher fetcher;
  MediaRoot media;
  std::size_t max_bytes = std::size_t{64} << 20;

  /// Whether `picture` has to be waited for.
  [[nodiscard]] static bool is_elsewhere(const Picture& picture) {
    return !std::holds_alternative<PictureBytes>(picture);
  }
  /// Throws as ImageFetcher and MediaRoot do.
  void resolve(Picture& picture) const;
};

}  // namespace blip::serve
