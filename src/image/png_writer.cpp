#include "image/png_writer.hpp"

#include "image/saved_bytes.hpp"

namespace blip::image {

std::vector<std::byte> png_bytes(const Image& image) {
  return saved_bytes(image, "PNG", [](VipsImage* source, void** buffer, std::size_t* size) {
    return vips_pngsave_buffer(source, buffer, size, "strip", TRUE, nullptr);
  });
}

}  // namespace blip::image
