#include "image/saved_bytes.hpp"

#include <memory>
#include <string>

#include "blip/error.hpp"

namespace blip::image {
namespace {

struct FreeBuffer {
  void operator()(void* buffer) const { g_free(buffer); }
};

}  // namespace

std::vector<std::byte> saved_bytes(const Image& image, const char* format, const Saver& save) {
  const VipsSession session;
  const auto pixels = image.pixels();
  const VipsImagePtr source(vips_image_new_from_memory(pixels.data(), pixels.size(), image.width(),
                                                       image.height(), 3, VIPS_FORMAT_UCHAR));
  // The one thread that writes is enough, whatever the program has set.
  if (source != nullptr) vips_image_set_int(source.get(), VIPS_META_CONCURRENCY, 1);
  void* buffer = nullptr;
  std::size_t size = 0;
  if (source == nullptr || save(source.get(), &buffer, &size) != 0) {
    vips_error_clear();
    throw Error(ErrorCode::unsupported, "a picture could not be written as " + std::string(format));
  }
  const std::unique_ptr<void, FreeBuffer> owned(buffer);
  const auto* first = static_cast<const std::byte*>(buffer);
  return {first, first + size};
}

}  // namespace blip::image
