#include "app/library/shown_pictures.hpp"

#include <filesystem>
#include <system_error>

#include "app/library/photo_library.hpp"
#include "app/library/thumbnails.hpp"
#include "blip/error.hpp"
#include "blip/image.hpp"
#include "image/jpeg_writer.hpp"

namespace blip::app {
namespace {

constexpr int kQuality = 85;

Image open_upright(const std::string& path, int side, std::int64_t max_pixels) {
  // A pipe, to name one, would be waited for.
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    throw Error(ErrorCode::not_found, "the photo's file is not there any more");
  }
  return Image::open(path,
                     {.apply_exif_orientation = true, .max_pixels = max_pixels, .shrink_to = side});
}

}  // namespace

ShownPictures::File ShownPictures::thumbnail(const std::string& path, const std::string& version) {
  if (const auto made = thumbnails_.find(version)) return *made;
  auto made = std::make_shared<const std::vector<std::byte>>(
      thumbnail_of(open_upright(path, kThumbnailSide, max_pixels_)));
  thumbnails_.put(version, made, made->size());
  return made;
}

ShownPictures::File ShownPictures::picture(const std::string& path) const {
  return std::make_shared<const std::vector<std::byte>>(
      image::small_jpeg_bytes(open_upright(path, kShownSide, max_pixels_), kShownSide, kQuality));
}

}  // namespace blip::app
