#include "image/resize.hpp"

#include <algorithm>
#include <cstring>

#include "image/resample_weights.hpp"
#include "image/resize_passes.hpp"

namespace blip::image {
namespace {

constexpr std::size_t kChannels = 3;

using Bytes = std::span<const std::uint8_t>;

// The input sample that each of the wanted outputs shows.
std::vector<std::size_t> nearest_positions(const ResampledAxis& axis, ImageBackend backend) {
  const float input_size = static_cast<float>(axis.input_size);
  const auto last = static_cast<std::size_t>(axis.input_size) - 1;
  std::vector<std::size_t> positions;
  positions.reserve(static_cast<std::size_t>(axis.count));
  if (backend == ImageBackend::torchvision) {
    const float step = input_size / static_cast<float>(axis.output_size);
    for (int i = axis.first; i < axis.first + axis.count; ++i) {
      const auto position = static_cast<float>((i + 0.5) * step);
      positions.push_back(std::min(static_cast<std::size_t>(position), last));
    }
    return positions;
  }
  // Pillow adds the step up instead of multiplying, so its rounding errors add up as well.
  const double step = static_cast<double>(input_size) / axis.output_size;
  double position = step * 0.5;
  for (int i = 0; i < axis.first + axis.count; ++i, position += step) {
    if (i >= axis.first) positions.push_back(std::min(static_cast<std::size_t>(position), last));
  }
  return positions;
}

// Both axes of a picture that is resized.
struct Axes {
  ResampledAxis x;
  ResampledAxis y;
};

std::vector<std::uint8_t> resize_nearest(Bytes pixels, const Axes& axes, ImageBackend backend) {
  const auto columns = nearest_positions(axes.x, backend);
  std::vector<std::uint8_t> result(kChannels * axes.x.count * axes.y.count);
  std::uint8_t* target = result.data();
  for (const std::size_t row : nearest_positions(axes.y, backend)) {
    const std::uint8_t* source = pixels.data() + row * kChannels * axes.x.input_size;
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

// source: rows of `stride` bytes → [rows, row_bytes], the first of each
std::vector<std::uint8_t> cut_rows(const std::uint8_t* source, std::size_t stride, std::size_t rows,
                                   std::size_t row_bytes) {
  std::vector<std::uint8_t> result(row_bytes * rows);
  for (std::size_t y = 0; y < rows; ++y) {
    std::memcpy(result.data() + y * row_bytes, source + y * stride, row_bytes);
  }
  return result;
}

// An axis that keeps its length is left out, not filtered.
bool is_kept(const ResampledAxis& axis) {
  return axis.input_size == axis.output_size;
}

// The pass between is rounded to bytes, so the order of the passes shows in the result. torchvision
// takes the horizontal one first, and so did Pillow up to 12. Pillow 13 takes the vertical one
// first where the height loses more than twice the pixels that the width does
// (python-pillow/Pillow#9549).
bool is_vertical_first(const Axes& axes, ImageBackend backend) {
  if (backend == ImageBackend::torchvision) return false;
  const std::int64_t lost_height = std::int64_t{axes.y.input_size} - axes.y.output_size;
  const std::int64_t lost_width = std::int64_t{axes.x.input_size} - axes.x.output_size;
  return lost_height > 0 && lost_height > 2 * lost_width;
}

class FilteredResize {
 public:
  FilteredResize(Bytes pixels, const Axes& axes, const Resizing& resizing)
      : pixels_(pixels), axes_(axes), resizing_(resizing) {}

  [[nodiscard]] std::vector<std::uint8_t> operator()() const {
    if (is_kept(axes_.x)) return vertical_pass_alone();
    if (is_kept(axes_.y)) return horizontal_pass_alone();
    return is_vertical_first(axes_, resizing_.backend) ? vertical_first() : horizontal_first();
  }

 private:
  [[nodiscard]] ResampleWeights weights(const ResampledAxis& axis) const {
    return resample_weights(axis, resizing_.filter, resizing_.backend);
  }
  [[nodiscard]] std::size_t row_bytes() const { return kChannels * axes_.x.input_size; }
  [[nodiscard]] std::size_t result_row_bytes() const { return kChannels * axes_.x.count; }
  [[nodiscard]] std::size_t result_rows() const { return static_cast<std::size_t>(axes_.y.count); }

  [[nodiscard]] std::vector<std::uint8_t> vertical_pass_alone() const {
    const std::uint8_t* first = pixels_.data() + kChannels * axes_.x.first;
    if (is_kept(axes_.y)) {
      return cut_rows(first + row_bytes() * axes_.y.first, row_bytes(), result_rows(),
                      result_row_bytes());
    }
    std::vector<std::uint8_t> result(result_row_bytes() * result_rows());
    resize_vertically(first, row_bytes(), 0, result_row_bytes(), weights(axes_.y), result.data());
    return result;
  }

  [[nodiscard]] std::vector<std::uint8_t> horizontal_pass_alone() const {
    const PaddedRows rows =
        resized_horizontally(pixels_.data() + row_bytes() * axes_.y.first, result_rows(),
                             static_cast<std::size_t>(axes_.x.input_size), weights(axes_.x));
    return cut_rows(rows.bytes.data(), rows.stride, result_rows(), result_row_bytes());
  }

  [[nodiscard]] std::vector<std::uint8_t> vertical_first() const {
    std::vector<std::uint8_t> between(row_bytes() * result_rows());
    resize_vertically(pixels_.data(), row_bytes(), 0, row_bytes(), weights(axes_.y),
                      between.data());
    const PaddedRows rows =
        resized_horizontally(between.data(), result_rows(),
                             static_cast<std::size_t>(axes_.x.input_size), weights(axes_.x));
    return cut_rows(rows.bytes.data(), rows.stride, result_rows(), result_row_bytes());
  }

  [[nodiscard]] std::vector<std::uint8_t> horizontal_first() const {
    // Only the rows that the vertical pass reads go through the horizontal one.
    const ResampleWeights vertical = weights(axes_.y);
    const std::size_t first_row = vertical.windows.front().first;
    const auto& last = vertical.windows.back();
    const std::size_t rows = static_cast<std::size_t>(last.first) + last.count - first_row;
    const PaddedRows between =
        resized_horizontally(pixels_.data() + first_row * row_bytes(), rows,
                             static_cast<std::size_t>(axes_.x.input_size), weights(axes_.x));
    std::vector<std::uint8_t> result(result_row_bytes() * result_rows());
    resize_vertically(between.bytes.data(), between.stride, first_row, result_row_bytes(), vertical,
                      result.data());
    return result;
  }

  Bytes pixels_;
  const Axes& axes_;
  const Resizing& resizing_;
};

}  // namespace

std::vector<std::uint8_t> resize(Bytes pixels, const Resizing& resizing, const Window& window) {
  const Axes axes = {.x = {.input_size = resizing.from.width,
                           .output_size = resizing.to.width,
                           .first = window.x,
                           .count = window.size.width},
                     .y = {.input_size = resizing.from.height,
                           .output_size = resizing.to.height,
                           .first = window.y,
                           .count = window.size.height}};
  if (resizing.from == resizing.to || resizing.filter != Resample::nearest) {
    return FilteredResize(pixels, axes, resizing)();
  }
  return resize_nearest(pixels, axes, resizing.backend);
}

}  // namespace blip::image
