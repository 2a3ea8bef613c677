#include "app/explain/explanation_file.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "app/explain/explanation_picture.hpp"
#include "app/images/open_image.hpp"
#include "app/records/npy_header.hpp"
#include "app/records/npy_sink.hpp"
#include "app/records/record.hpp"
#include "core/durable_file.hpp"
#include "core/replacement_file.hpp"
#include "image/png_writer.hpp"

namespace blip::app {
namespace {

std::string_view bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

}  // namespace

void write_explanation_png(const std::filesystem::path& path, const Image& photo,
                           const Explanation& explanation) {
  const std::vector<std::byte> png = image::png_bytes(explanation_picture(photo, explanation));
  replace_file(path, {reinterpret_cast<const char*>(png.data()), png.size()});
}

void write_explanation_npy(const std::filesystem::path& path, const Explanation& explanation) {
  const std::array shape = {static_cast<std::uint64_t>(explanation.words.size() + 1),
                            static_cast<std::uint64_t>(explanation.mean.shape[0]),
                            static_cast<std::uint64_t>(explanation.mean.shape[1])};
  std::string numbers = npy_header(shape);
  numbers += bytes_of(explanation.mean.data);
  numbers += bytes_of(explanation.maps.data);
  std::string names = printable(explanation.text) + "\n";
  for (const std::string& word : explanation.words) names += printable(word) + "\n";
  replace_file(npy_rows_path(path), numbers);
  replace_file(npy_names_path(path), names);
}

ExplanationFolder::ExplanationFolder(std::filesystem::path folder, ExplanationFormats formats,
                                     const PictureOptions& pictures)
    : folder_(std::move(folder)), formats_(formats), pictures_(pictures) {
  make_directories(folder_);
}

void ExplanationFolder::write(const std::string& picture, std::size_t index, std::size_t result,
                              std::size_t results, const Explanation& explanation) const {
  std::string name = fmt::format("{:06}-{}", index + 1, plain_name_of(picture));
  if (results > 1) name += fmt::format("-{}", result + 1);
  if (formats_.png) {
    write_explanation_png(folder_ / (name + ".png"), open_photo(picture, pictures_), explanation);
  }
  if (formats_.npy) write_explanation_npy(folder_ / (name + ".npy"), explanation);
}

std::string plain_name_of(const std::string& picture) {
  constexpr std::size_t kMostBytes = 80;
  std::string name = picture;
  if (is_url(name)) name.erase(std::min(name.find_first_of("?#"), name.size()));
  name = std::filesystem::path(name).stem().string();
  name.resize(std::min(name.size(), kMostBytes));
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_';
    if (!plain) c = '_';
  }
  return name.empty() ? "image" : name;
}

Image open_photo(const std::string& picture, const PictureOptions& pictures) {
  ImageOptions options;
  options.apply_exif_orientation = pictures.exif_rotation;
  options.max_pixels = pictures.max_pixels;
  options.blend_transparency = pictures.blend_transparency;
  options.background = pictures.background;
  options.shrink_to = 2 * kTileSide;
  return open_image(picture, options);
}

}  // namespace blip::app
