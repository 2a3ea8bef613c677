#include "small_pictures.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "blip/image.hpp"
#include "image/png_writer.hpp"

namespace blip::serve {

PictureBytes picture_of_bytes(std::string bytes, std::string name) {
  PictureBytes picture;
  picture.owner = std::make_shared<const std::string>(std::move(bytes));
  picture.bytes = *picture.owner;
  picture.name = std::move(name);
  return picture;
}

std::vector<PictureBytes> small_pictures(int count) {
  std::vector<std::filesystem::path> photos;
  for (const auto& entry : std::filesystem::directory_iterator(BLIP_PHOTOS)) {
    if (entry.path().extension() == ".jpg") photos.push_back(entry.path());
  }
  std::sort(photos.begin(), photos.end());
  std::vector<PictureBytes> pictures;
  for (int i = 0; i < count; ++i) {
    const Image photo = Image::open(photos[static_cast<std::size_t>(i) % photos.size()]);
    const Image small = photo.resized(40 + 7 * i, 90 - 3 * i);
    const std::vector<std::byte> png = image::png_bytes(small);
    pictures.push_back(picture_of_bytes({reinterpret_cast<const char*>(png.data()), png.size()}));
  }
  return pictures;
}

app::ModelOptions small_model(const std::string& name) {
  return {.model = std::filesystem::path(BLIP_TASK_MODELS) / name};
}

EngineOptions small_engine() {
  EngineOptions options;
  for (const char* name : {"hybrid", "vqa", "itm", "classifier"}) {
    options.models.push_back({.name = name, .options = small_model(name)});
  }
  options.num_threads = 2;
  options.max_batch = 4;
  return options;
}

}  // namespace blip::serve
