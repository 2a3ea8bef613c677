#include "blip/image.hpp"

#include <memory>
#include <new>
#include <utility>

#include "blip/error.hpp"
#include "image/resize.hpp"

namespace blip {
namespace {

std::string size_text(int width, int height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

}  // namespace

Image::Image(int width, int height, std::vector<std::uint8_t> rgb) {
  const auto owner = std::make_shared<const std::vector<std::uint8_t>>(std::move(rgb));
  *this = Image(width, height, *owner, owner);
}

Image::Image(int width, int height, std::span<const std::uint8_t> rgb,
             std::shared_ptr<const void> owner)
    : width_(width), height_(height), rgb_(rgb), owner_(std::move(owner)) {
  if (width <= 0 || height <= 0 ||
      rgb_.size() / 3 / static_cast<std::size_t>(width) != static_cast<std::size_t>(height) ||
      rgb_.size() % (std::size_t{3} * static_cast<std::size_t>(width)) != 0) {
    throw Error(ErrorCode::invalid_argument, "an image of " + size_text(width, height) +
                                                 " RGB pixels cannot have " +
                                                 std::to_string(rgb_.size()) + " bytes");
  }
}

Image Image::resized(int width, int height, Resample filter) const {
  constexpr int kMaxSide = 65'535;
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide) {
    throw Error(ErrorCode::invalid_argument,
                "cannot resize to " + size_text(width, height) + ": sides must be 1 to 65535");
  }
  if (static_cast<int>(filter) < 0 || static_cast<int>(filter) > 5) {
    throw Error(ErrorCode::invalid_argument,
                "no resampling filter has the number " + std::to_string(static_cast<int>(filter)));
  }
  if (rgb_.empty()) throw Error(ErrorCode::invalid_argument, "cannot resize an empty image");
  try {
    return {
        width, height,
        image::resize(rgb_, {.from = {width_, height_}, .to = {width, height}, .filter = filter})};
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::limit_exceeded,
                "not enough memory to resize to " + size_text(width, height));
  }
}

}  // namespace blip
