#include "app/library/thumbnails.hpp"

#include <algorithm>
#include <utility>

#include "blip/error.hpp"
#include "image/jpeg_writer.hpp"

namespace blip::app {
namespace {

// Pictures whose thumbnails are one transaction.
constexpr std::size_t kThumbnailsTogether = 64;

std::vector<std::byte> read_thumbnail(const std::string& path) {
  return thumbnail_of(Image::open(path, {.apply_exif_orientation = true}));
}

}  // namespace

std::vector<std::byte> thumbnail_of(const Image& image) {
  constexpr int kThumbnailQuality = 80;
  // 196,608 bytes of pixels at most
  return image::small_jpeg_bytes(image, kThumbnailSide, kThumbnailQuality);
}

std::optional<std::vector<std::byte>> find_thumbnail(search::LibraryIndex& index,
                                                     std::int64_t picture,
                                                     const std::string& path) {
  if (auto kept = index.thumbnail(picture)) return kept;
  try {
    return read_thumbnail(path);
  } catch (const Error&) {
    return std::nullopt;  // what shows the others says so of this one
  }
}

void index_thumbnails(
    search::LibraryIndex& index, Context& context,
    const std::function<void(std::size_t, std::size_t)>& on_done,
    const std::function<void(const std::string&, const std::string&)>& on_failed) {
  const std::vector<std::int64_t> lacking = index.pictures_without_thumbnail();
  for (std::size_t at = 0; at < lacking.size(); at += kThumbnailsTogether) {
    struct Made {
      std::string path{};
      std::vector<std::byte> jpeg{};
      std::string error{};
    };
    std::vector<Made> made(std::min(kThumbnailsTogether, lacking.size() - at));
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (const auto picture = index.picture(lacking[at + i])) made[i].path = picture->path;
    }
    context.threads().parallel_for(made.size(), [&](std::size_t i, int) {
      if (made[i].path.empty()) return;
      try {
        made[i].jpeg = read_thumbnail(made[i].path);
      } catch (const Error& error) {
        made[i].error = error.what();
      }
    });
    auto transaction = index.transaction();
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (!made[i].jpeg.empty()) index.put_thumbnail(lacking[at + i], made[i].jpeg);
    }
    transaction.commit();
    for (const Made& each : made) {
      if (!each.error.empty()) on_failed(each.path, each.error);
    }
    on_done(at + made.size(), lacking.size());
  }
}

}  // namespace blip::app
