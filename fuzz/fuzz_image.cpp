// Any bytes may be offered as a picture: the answer is an Image or a blip::Error.
#include <cstddef>
#include <cstdint>
#include <span>

#include "blip/error.hpp"
#include "blip/image.hpp"

// libdav1d 1.0.0 (Debian 12) forgets 40 bytes of some damaged AVIF pictures; we cannot free them.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libdav1d";
}  // NOLINT

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Small pictures take every path that large ones take, and leave time for more of them.
  constexpr std::int64_t kMaxPixels = 64 * 1024;
  const auto bytes = std::as_bytes(std::span(data, size));
  for (const bool upright : {false, true}) {
    try {
      const auto image =
          blip::Image::decode(bytes, {.apply_exif_orientation = upright, .max_pixels = kMaxPixels});
      if (image.pixels().size() != std::size_t{3} * static_cast<std::size_t>(image.width()) *
                                       static_cast<std::size_t>(image.height())) {
        __builtin_trap();
      }
      if (upright) static_cast<void>(image.resized(7, 5));
    } catch (const blip::Error&) {
    }
  }
  return 0;
}
