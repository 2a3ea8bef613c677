#include "image/resize.hpp"

#include <algorithm>
#include <cstring>

#include "image/resample_weights.hpp"
#include "image/resize_passes.hpp"

namespace blip::image {
namespace {

constexpr std::size_t kChannels = 3;

// Pillow adds the step up instead of multiplying, so its rounding errors add up as well.
std::vector<std::size_t> nearest_positions(int input_size, int output_size) {
  const double step = static_cast<double>(static_cast<float>(input_size)) / output_size;
  std::vector<std::size_t> positions;
  positions.reserve(static_cast<std::size_t>(output_size));
  double position = step * 0.5;
  for (int i = 0; i < output_size; ++i, position += step) {
    positions.push_back(
        std::min(static_cast<std::size_t>(position), static_cast<std::size_t>(input_size) - 1));
  }
  return positions;
}

std::vector<std::uint8_t> resize_nearest(std::span<const std::uint8_t> pixels, Size from, Size to) {
  const auto columns = nearest_positions(from.width, to.width);
  std::vector<std::uint8_t> result(kChannels * to.width * to.height);
  std::uint8_t* target = result.data();
  for (const std::size_t row : nearest_positions(from.height, to.height)) {
    const std::uint8_t* source = pixels.data() + row * kChannels * from.width;
    for (const std::size_t column : columns) {
      std::memcpy(target, source + column * kChannels, kChannels);
      target += kChannels;
    }
  }
  return result;
}

// Rows with unused bytes between them, as the horizontal pass leaves them.
struct PaddedRows {
  std::vector<std::uint8_t> bytes;
  std::size_t stride = 0;
};

// source: [rows, width, 3] → [rows, output width, 3]
PaddedRows resized_horizontally(const std::uint8_t* source, std::size_t rows, std::size_t width,
                                const ResampleWeights& weights) {
  PaddedRows result;
  result.stride = horizontal_row_bytes(weights.windows.size());
  result.bytes.resize(padded(rows) * result.stride);
  resize_horizontally(source, rows, width, weights, result.bytes.data());
  return result;
}

std::vector<std::uint8_t> without_padding(const PaddedRows& rows, Size size) {
  const std::size_t row_bytes = kChannels * size.width;
  std::vector<std::uint8_t> result(row_bytes * size.height);
  for (std::size_t y = 0; y < static_cast<std::size_t>(size.height); ++y) {
    std::memcpy(result.data() + y * row_bytes, rows.bytes.data() + y * rows.stride, row_bytes);
  }
  return result;
}

// The pass between is rounded to bytes, so the order of the passes shows in the result. Pillow 13
// takes the vertical one first where the height loses more than twice the pixels that the width
// does (python-pillow/Pillow#9549); up to Pillow 12 the horizontal one always came first.
bool is_vertical_first(Size from, Size to) {
  const std::int64_t lost_height = std::int64_t{from.height} - to.height;
  const std::int64_t lost_width = std::int64_t{from.width} - to.width;
  return lost_height > 0 && lost_height > 2 * lost_width;
}

std::vector<std::uint8_t> resize_vertical_first(const std::uint8_t* pixels, Size from, Size to,
                                                Resample filter) {
  const std::size_t row_bytes = kChannels * from.width;
  std::vector<std::uint8_t> between(row_bytes * to.height);
  resize_vertically(pixels, row_bytes, 0, row_bytes,
                    resample_weights(from.height, to.height, filter), between.data());
  if (from.width == to.width) return between;
  return without_padding(resized_horizontally(between.data(), to.height, from.width,
                                              resample_weights(from.width, to.width, filter)),
                         to);
}

std::vector<std::uint8_t> resize_horizontal_first(const std::uint8_t* pixels, Size from, Size to,
                                                  Resample filter) {
  const auto horizontal = resample_weights(from.width, to.width, filter);
  if (from.height == to.height) {
    return without_padding(resized_horizontally(pixels, from.height, from.width, horizontal), to);
  }
  // Only the rows that the vertical pass reads go through the horizontal one.
  const auto vertical = resample_weights(from.height, to.height, filter);
  const std::size_t first_row = vertical.windows.front().first;
  const auto& last = vertical.windows.back();
  const std::size_t rows = static_cast<std::size_t>(last.first) + last.count - first_row;
  const PaddedRows between = resized_horizontally(pixels + first_row * kChannels * from.width, rows,
                                                  from.width, horizontal);
  const std::size_t row_bytes = kChannels * to.width;
  std::vector<std::uint8_t> result(row_bytes * to.height);
  resize_vertically(between.bytes.data(), between.stride, first_row, row_bytes, vertical,
                    result.data());
  return result;
}

}  // namespace

std::vector<std::uint8_t> resize(std::span<const std::uint8_t> pixels, Size from, Size to,
                                 Resample filter) {
  if (from == to) return {pixels.begin(), pixels.end()};
  if (filter == Resample::nearest) return resize_nearest(pixels, from, to);
  // An axis that keeps its length is left out, not filtered.
  if (from.width == to.width || is_vertical_first(from, to)) {
    return resize_vertical_first(pixels.data(), from, to, filter);
  }
  return resize_horizontal_first(pixels.data(), from, to, filter);
}

}  // namespace blip::image
