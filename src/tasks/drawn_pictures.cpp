// What DalleModel draws as pictures, and many of them as one.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "blip/dalle.hpp"
#include "blip/error.hpp"
#include "tasks/square_side.hpp"

namespace blip {
namespace {

// pixels: [N, H, W, 3], of which no size but N may be 0
void require_pictures(const Tensor& pixels) {
  const auto& shape = pixels.shape;
  constexpr std::int64_t kMaxSide = std::numeric_limits<int>::max();
  const auto is_side = [](std::int64_t size) { return size > 0 && size <= kMaxSide; };
  // Compared by division, so that absurd shapes cannot overflow.
  const auto elements = static_cast<std::int64_t>(pixels.data.size());
  if (shape.size() != 4 || shape[3] != 3 || !is_side(shape[1]) || !is_side(shape[2]) ||
      elements % 3 != 0 || elements / 3 % shape[2] != 0 ||
      elements / 3 / shape[2] % shape[1] != 0 || elements / 3 / shape[2] / shape[1] != shape[0]) {
    throw Error(ErrorCode::invalid_argument,
                "pictures must be [N, H, W, 3] with that many elements");
  }
}

// What is no number is black.
std::uint8_t byte_of(float value) {
  return value > 0.0F ? static_cast<std::uint8_t>(std::min(value, 1.0F) * 255.0F) : std::uint8_t{0};
}

}  // namespace

std::vector<Image> pictures_of(const Tensor& pixels) {
  require_pictures(pixels);
  const auto height = static_cast<int>(pixels.shape[1]);
  const auto width = static_cast<int>(pixels.shape[2]);
  const auto size = static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * 3;
  std::vector<Image> pictures;
  for (std::size_t start = 0; start < pixels.data.size(); start += size) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = byte_of(pixels.data[start + i]);
    pictures.emplace_back(width, height, std::move(bytes));
  }
  return pictures;
}

Image picture_grid(std::span<const Image> pictures) {
  const std::int64_t side = side_of(pictures.size());
  const int width = pictures.front().width();
  const int height = pictures.front().height();
  const std::size_t row_bytes = static_cast<std::size_t>(width) * 3;
  std::vector<std::uint8_t> bytes(pictures.size() * row_bytes * static_cast<std::size_t>(height));
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    if (pictures[i].width() != width || pictures[i].height() != height) {
      throw Error(ErrorCode::invalid_argument, "pictures of a grid must have one size");
    }
    const std::size_t down = i % static_cast<std::size_t>(side) * static_cast<std::size_t>(height);
    const std::size_t across = i / static_cast<std::size_t>(side);
    for (std::size_t row = 0; row < static_cast<std::size_t>(height); ++row) {
      std::ranges::copy(
          pictures[i].pixels().subspan(row * row_bytes, row_bytes),
          bytes.begin() +
              static_cast<std::ptrdiff_t>(((down + row) * static_cast<std::size_t>(side) + across) *
                                          row_bytes));
    }
  }
  return {static_cast<int>(side) * width, static_cast<int>(side) * height, std::move(bytes)};
}

}  // namespace blip
