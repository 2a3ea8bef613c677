#include "image/jpeg_writer.hpp"

#include <memory>

#include "blip/error.hpp"
#include "image/vips_session.hpp"

namespace blip::image {
namespace {

struct FreeBuffer {
  void operator()(void* buffer) const { g_free(buffer); }
};

}  // namespace

std::vector<std::byte> jpeg_bytes(const Image& image, int quality) {
  const VipsSession session;
  const auto pixels = image.pixels();
  const VipsImagePtr source(vips_image_new_from_memory(pixels.data(), pixels.size(), image.width(),
                                                       image.height(), 3, VIPS_FORMAT_UCHAR));
  // The one thread that writes is enough, whatever the program has set.
  if (source != nullptr) vips_image_set_int(source.get(), VIPS_META_CONCURRENCY, 1);
  void* buffer = nullptr;
  std::size_t size = 0;
  if (source == nullptr || vips_jpegsave_buffer(source.get(), &buffer, &size, "Q", quality, "strip",
                                                TRUE, nullptr) != 0) {
    vips_error_clear();
    throw Error(ErrorCode::unsupported, "a picture could not be written as JPEG");
  }
  const std::unique_ptr<void, FreeBuffer> owned(buffer);
  const auto* first = static_cast<const std::byte*>(buffer);
  return {first, first + size};
}

}  // namespace blip::image
