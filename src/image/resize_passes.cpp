// This file is compiled once per instruction set (Google Highway's foreach_target).
// Vectors whose size is unknown until run time cannot stand in arrays; such processors have a
// target of fixed size as well.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/resize_passes.cpp"
#include <hwy/foreach_target.h>
// foreach_target must come first.
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "image/resize_passes.hpp"

HWY_BEFORE_NAMESPACE();
namespace blip::image::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::int32_t kHalf = std::int32_t{1} << (kWeightFractionBits - 1);
constexpr std::size_t kChannels = 3;

// Outputs of the horizontal pass made from one transposed piece of the input: enough that the
// pieces overlap little, few enough that a piece of a 12-megapixel photo stays in the L1 cache.
constexpr std::size_t kOutputsPerPiece = 32;
static_assert(kOutputsPerPiece * kChannels % kRowGroup == 0);

// At most 16 lanes of 32 bits: one row group per vector at the widest.
using Sums = hn::CappedTag<std::int32_t, kRowGroup>;
using Bytes = hn::Rebind<std::uint8_t, Sums>;

// source: 16 rows of 16 bytes, source_stride apart → target: 16 rows of 16, target_stride apart
HWY_INLINE void transpose_16x16(const std::uint8_t* source, std::size_t source_stride,
                                std::uint8_t* target, std::size_t target_stride) {
#if HWY_TARGET == HWY_SCALAR
  for (std::size_t i = 0; i < 16; ++i) {
    for (std::size_t j = 0; j < 16; ++j)
      target[j * target_stride + i] = source[i * source_stride + j];
  }
#else
  // Four perfect shuffles of 256 bytes swap the high and the low half of each byte's index.
  constexpr hn::FixedTag<std::uint8_t, 16> kRow;
  using Row = hn::Vec<decltype(kRow)>;
  std::array<Row, 16> rows;
  for (std::size_t i = 0; i < 16; ++i) rows[i] = hn::LoadU(kRow, source + i * source_stride);
  for (int round = 0; round < 4; ++round) {
    std::array<Row, 16> shuffled;
    for (std::size_t i = 0; i < 8; ++i) {
      shuffled[2 * i] = hn::InterleaveLower(kRow, rows[i], rows[i + 8]);
      shuffled[2 * i + 1] = hn::InterleaveUpper(kRow, rows[i], rows[i + 8]);
    }
    rows = shuffled;
  }
  for (std::size_t i = 0; i < 16; ++i) hn::StoreU(rows[i], kRow, target + i * target_stride);
#endif
}

// source: [rows <= 16, row_bytes], of which bytes [first, first + count) of each row
// → columns: [padded(count), 16], with rows beyond the last left as they come
void rows_to_columns(const std::uint8_t* source, std::size_t rows, std::size_t row_bytes,
                     std::size_t first, std::size_t count, std::uint8_t* columns) {
  for (std::size_t done = 0; done < count; done += 16) {
    const std::uint8_t* corner = source + first + done;
    if (rows == kRowGroup && first + done + 16 <= row_bytes) {
      transpose_16x16(corner, row_bytes, columns + done * kRowGroup, kRowGroup);
      continue;
    }
    std::array<std::uint8_t, 16 * kRowGroup> edge{};  // 16 bytes from the last would overrun
    const std::size_t bytes = std::min<std::size_t>(16, count - done);
    for (std::size_t r = 0; r < rows; ++r) {
      std::memcpy(edge.data() + r * 16, corner + r * row_bytes, bytes);
    }
    transpose_16x16(edge.data(), 16, columns + done * kRowGroup, kRowGroup);
  }
}

// columns: [count, 3, 16], weights: [count] → output: [3, 16]
HWY_INLINE void weighted_sum_of_columns(const std::uint8_t* HWY_RESTRICT columns,
                                        const std::int32_t* HWY_RESTRICT weights, std::size_t count,
                                        std::uint8_t* HWY_RESTRICT output) {
  constexpr Sums kSums;
  constexpr Bytes kBytes;
  const std::size_t lanes = hn::Lanes(kSums);
  for (std::size_t row = 0; row < kRowGroup; row += lanes) {
    auto red = hn::Set(kSums, kHalf);
    auto green = red;
    auto blue = red;
    const std::uint8_t* column = columns + row;
    for (std::size_t t = 0; t < count; ++t, column += kChannels * kRowGroup) {
      const auto weight = hn::Set(kSums, weights[t]);
      const auto r = hn::PromoteTo(kSums, hn::LoadU(kBytes, column));
      const auto g = hn::PromoteTo(kSums, hn::LoadU(kBytes, column + kRowGroup));
      const auto b = hn::PromoteTo(kSums, hn::LoadU(kBytes, column + 2 * kRowGroup));
      red = hn::Add(red, hn::Mul(r, weight));
      green = hn::Add(green, hn::Mul(g, weight));
      blue = hn::Add(blue, hn::Mul(b, weight));
    }
    const auto store = [&](auto sum, std::uint8_t* to) {
      hn::StoreU(hn::DemoteTo(kBytes, hn::ShiftRight<kWeightFractionBits>(sum)), kBytes, to);
    };
    store(red, output + row);
    store(green, output + kRowGroup + row);
    store(blue, output + 2 * kRowGroup + row);
  }
}

void horizontal_pass(const std::uint8_t* source, std::size_t rows, std::size_t width,
                     const ResampleWeights& weights, std::uint8_t* target) {
  const std::size_t row_bytes = kChannels * width;
  const std::size_t target_stride = horizontal_row_bytes(weights.windows.size());
  std::vector<std::uint8_t> columns;
  std::array<std::uint8_t, kOutputsPerPiece * kChannels * kRowGroup> outputs;

  for (std::size_t group = 0; group < rows; group += kRowGroup) {
    const std::size_t group_rows = std::min(kRowGroup, rows - group);
    for (std::size_t begin = 0; begin < weights.windows.size(); begin += kOutputsPerPiece) {
      const std::size_t end = std::min(begin + kOutputsPerPiece, weights.windows.size());
      // Windows move right monotonically, so the first and the last bound the piece.
      const auto& last = weights.windows[end - 1];
      const std::size_t x0 = weights.windows[begin].first;
      const std::size_t x1 = static_cast<std::size_t>(last.first) + last.count;
      const std::size_t bytes = kChannels * (x1 - x0);
      columns.resize(std::max(columns.size(), padded(bytes) * kRowGroup));
      rows_to_columns(source + group * row_bytes, group_rows, row_bytes, kChannels * x0, bytes,
                      columns.data());
      outputs.fill(0);
      for (std::size_t x = begin; x < end; ++x) {
        const auto& window = weights.windows[x];
        weighted_sum_of_columns(columns.data() + (window.first - x0) * kChannels * kRowGroup,
                                weights.weights.data() + window.offset, window.count,
                                outputs.data() + (x - begin) * kChannels * kRowGroup);
      }
      std::uint8_t* corner = target + group * target_stride + kChannels * begin;
      for (std::size_t done = 0; done < kChannels * kOutputsPerPiece; done += 16) {
        transpose_16x16(outputs.data() + done * kRowGroup, kRowGroup, corner + done, target_stride);
      }
    }
  }
}

// Bytes [0, kVectors * lanes) of one output row: source points at the window's first row.
template <std::size_t kVectors>
HWY_INLINE void weighted_sum_of_rows(const std::uint8_t* HWY_RESTRICT source, std::size_t stride,
                                     const std::int32_t* HWY_RESTRICT weights, std::size_t count,
                                     std::uint8_t* HWY_RESTRICT target) {
  constexpr Sums kSums;
  constexpr Bytes kBytes;
  const std::size_t lanes = hn::Lanes(kSums);
  std::array<hn::Vec<Sums>, kVectors> sums;
  sums.fill(hn::Set(kSums, kHalf));
  for (std::size_t t = 0; t < count; ++t, source += stride) {
    const auto weight = hn::Set(kSums, weights[t]);
    for (std::size_t v = 0; v < kVectors; ++v) {
      const auto pixels = hn::PromoteTo(kSums, hn::LoadU(kBytes, source + v * lanes));
      sums[v] = hn::Add(sums[v], hn::Mul(pixels, weight));
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) {
    const auto bytes = hn::DemoteTo(kBytes, hn::ShiftRight<kWeightFractionBits>(sums[v]));
    hn::StoreU(bytes, kBytes, target + v * lanes);
  }
}

void vertical_pass(const std::uint8_t* source, std::size_t source_stride, std::size_t first_row,
                   std::size_t row_bytes, const ResampleWeights& weights, std::uint8_t* target) {
  constexpr std::size_t kUnrolled = 4;  // independent sums, so that multiplies overlap
  const std::size_t lanes = hn::Lanes(Sums());
  for (const auto& window : weights.windows) {
    const std::uint8_t* rows = source + (window.first - first_row) * source_stride;
    const std::int32_t* taps = weights.weights.data() + window.offset;
    const std::size_t count = window.count;
    std::size_t i = 0;
    for (; i + kUnrolled * lanes <= row_bytes; i += kUnrolled * lanes) {
      weighted_sum_of_rows<kUnrolled>(rows + i, source_stride, taps, count, target + i);
    }
    for (; i + lanes <= row_bytes; i += lanes) {
      weighted_sum_of_rows<1>(rows + i, source_stride, taps, count, target + i);
    }
    for (; i < row_bytes; ++i) {
      std::int32_t sum = kHalf;
      for (std::size_t t = 0; t < count; ++t) sum += rows[t * source_stride + i] * taps[t];
      target[i] = static_cast<std::uint8_t>(std::clamp(sum >> kWeightFractionBits, 0, 255));
    }
    target += row_bytes;
  }
}

}  // namespace blip::image::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip::image {

HWY_EXPORT(horizontal_pass);
HWY_EXPORT(vertical_pass);

std::size_t horizontal_row_bytes(std::size_t output_width) {
  constexpr std::size_t kPieceBytes = 32 * 3;  // pieces are written whole
  return (3 * output_width + kPieceBytes - 1) / kPieceBytes * kPieceBytes;
}

void resize_horizontally(const std::uint8_t* source, std::size_t rows, std::size_t width,
                         const ResampleWeights& weights, std::uint8_t* target) {
  HWY_DYNAMIC_DISPATCH(horizontal_pass)(source, rows, width, weights, target);
}

void resize_vertically(const std::uint8_t* source, std::size_t source_stride, std::size_t first_row,
                       std::size_t row_bytes, const ResampleWeights& weights,
                       std::uint8_t* target) {
  HWY_DYNAMIC_DISPATCH(vertical_pass)
  (source, source_stride, first_row, row_bytes, weights, target);
}

}  // namespace blip::image
#endif
