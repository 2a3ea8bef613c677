#include "image/bmp_runs.hpp"

#include <algorithm>

namespace blip::image {
namespace {

class Runs {
 public:
  Runs(std::span<const std::byte> bytes, std::size_t at, bool has_four_bits, Size size)
      : bytes_(bytes),
        at_(std::min(at, bytes.size())),
        has_four_bits_(has_four_bits),
        width_(static_cast<std::size_t>(size.width)),
        total_(width_ * static_cast<std::size_t>(size.height)) {}

  std::vector<std::uint8_t> read() {
    indices_.reserve(total_);
    while (indices_.size() < total_ && has(2)) {
      const std::size_t count = byte();
      const std::uint8_t value = byte();
      if (count > 0) {
        repeat(count, value);
      } else if (!escape(value)) {
        break;
      }
    }
    return std::move(indices_);
  }

 private:
  [[nodiscard]] bool has(std::size_t count) const { return bytes_.size() - at_ >= count; }
  std::uint8_t byte() { return std::to_integer<std::uint8_t>(bytes_[at_++]); }

  void repeat(std::size_t count, std::uint8_t value) {
    count = std::min(count, width_ - std::min(x_, width_));
    for (std::size_t i = 0; i < count; ++i) push(value, i);
    x_ += count;
  }

  // RLE4 has two pixels in a byte, the high bits first.
  void push(std::uint8_t value, std::size_t i) {
    if (has_four_bits_) value = i % 2 == 0 ? value >> 4 : value & 15;
    indices_.push_back(value);
  }

  // False at the end of the picture.
  bool escape(std::uint8_t code) {
    constexpr std::uint8_t kEndOfRow = 0;
    constexpr std::uint8_t kEnd = 1;
    constexpr std::uint8_t kMove = 2;
    switch (code) {
      case kEndOfRow:
        indices_.resize((indices_.size() + width_ - 1) / width_ * width_);
        x_ = 0;
        return true;
      case kEnd:
        return false;
      case kMove: {
        if (!has(2)) return false;
        const std::size_t right = byte();
        const std::size_t up = byte();
        indices_.resize(std::min(total_, indices_.size() + right + up * width_));
        x_ = indices_.size() % width_;
        return true;
      }
      default:
        return copy(code);
    }
  }

  // Pixels as they are, filled up to an even place in the file.
  bool copy(std::size_t pixels) {
    const std::size_t count = std::min(pixels, total_ - indices_.size());
    const std::size_t needed = has_four_bits_ ? (count + 1) / 2 : count;
    if (!has(needed)) return false;
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = bytes_[at_ + (has_four_bits_ ? i / 2 : i)];
      push(std::to_integer<std::uint8_t>(value), i);
    }
    at_ += needed;
    x_ += pixels;
    if (at_ % 2 != 0 && has(1)) ++at_;
    return true;
  }

  std::span<const std::byte> bytes_;
  std::size_t at_;
  bool has_four_bits_;
  std::size_t width_;
  std::size_t total_;
  std::size_t x_ = 0;
  std::vector<std::uint8_t> indices_;
};

}  // namespace

std::vector<std::uint8_t> bmp_runs(std::span<const std::byte> bytes, std::size_t at,
                                   bool has_four_bits, Size size) {
  return Runs(bytes, at, has_four_bits, size).read();
}

}  // namespace blip::image
