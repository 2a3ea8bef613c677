#include "image/jpeg_writer.hpp"

#include "image/saved_bytes.hpp"

namespace blip::image {

std::vector<std::byte> jpeg_bytes(const Image& image, int quality) {
  return saved_bytes(image, "JPEG", [&](VipsImage* source, void** buffer, std::size_t* size) {
    return vips_jpegsave_buffer(source, buffer, size, "Q", quality, "strip", TRUE, nullptr);
  });
}

}  // namespace blip::image
