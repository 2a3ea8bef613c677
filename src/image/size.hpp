// Sizes of pictures and parts of them, in pixels.
#pragma once

namespace blip::image {

struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size&) const = default;
};

/// A rectangle of a picture.
struct Window {
  int x = 0;
  int y = 0;
  Size size;
};

}  // namespace blip::image
