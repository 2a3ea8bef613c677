#include "app/draw/picture_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "app/records/npy_header.hpp"
#include "core/file_ending.hpp"
#include "core/replacement_file.hpp"
#include "image/jpeg_writer.hpp"
#include "image/png_writer.hpp"

namespace blip::app {
namespace {

constexpr int kJpegQuality = 95;
constexpr std::size_t kMostNameBytes = 60;

}  // namespace

PictureFormat picture_format_of(const std::filesystem::path& path) {
  const std::string ending = file_ending(path);
  if (ending == "png") return PictureFormat::png;
  if (ending == "jpg" || ending == "jpeg") return PictureFormat::jpeg;
  if (ending == "npy") return PictureFormat::npy;
  throw Error(ErrorCode::invalid_argument,
              path.string() + ": a picture is written as .png, .jpg or .npy");
}

void write_picture(const std::filesystem::path& path, const Image& picture) {
  const std::vector<std::byte> bytes = picture_format_of(path) == PictureFormat::jpeg
                                           ? image::jpeg_bytes(picture, kJpegQuality)
                                           : image::png_bytes(picture);
  replace_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void write_numbers(const std::filesystem::path& path, const Drawing& drawing) {
  const std::vector<std::int64_t>& shape = drawing.pixels.shape;
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(shape[0]))));
  const auto height = static_cast<std::size_t>(shape[1]);
  const auto row = static_cast<std::size_t>(shape[2]) * 3;
  // As picture_grid lays them out.
  std::vector<float> numbers(drawing.pixels.data.size());
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape[0]); ++i) {
    for (std::size_t y = 0; y < height; ++y) {
      std::copy_n(drawing.pixels.data.data() + (i * height + y) * row, row,
                  numbers.data() + ((i % side * height + y) * side + i / side) * row);
    }
  }
  const std::array<std::uint64_t, 3> whole = {side * height, side * row / 3, 3};
  std::string text = npy_header(whole);
  text.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
  replace_file(path, text);
}

std::string drawing_name(std::size_t number, std::string_view prompt) {
  std::string words;
  for (const char c : prompt) {
    if (words.size() == kMostNameBytes) break;
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (is_plain) {
      words += c;
    } else if (!words.empty() && words.back() != '-') {
      words += '-';
    }
  }
  while (!words.empty() && words.back() == '-') words.pop_back();
  return fmt::format("{:04}{}{}", number, words.empty() ? "" : "-", words);
}

}  // namespace blip::app
