#include "kernels/layout/panels.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/layout/panels.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// source: [rows, columns] with `source_step` floats from row to row → target: [columns, rows]
HWY_INLINE void transpose_plainly(const float* source, std::int64_t source_step, std::int64_t rows,
                                  std::int64_t columns, float* target, std::int64_t target_step) {
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      target[column * target_step + row] = source[row * source_step + column];
    }
  }
}

#if HWY_TARGET == HWY_SCALAR

void transpose(const float* source, std::int64_t source_step, std::int64_t rows,
               std::int64_t columns, float* target, std::int64_t target_step) {
  transpose_plainly(source, source_step, rows, columns, target, target_step);
}

#else

// Four rows of four, the vectors that every instruction set has.
HWY_INLINE void transpose_block(const float* source, std::int64_t source_step, float* target,
                                std::int64_t target_step) {
  const hn::Full128<float> d;
  const hn::Full128<double> pairs;
  const auto a = hn::LoadU(d, source);
  const auto b = hn::LoadU(d, source + source_step);
  const auto c = hn::LoadU(d, source + 2 * source_step);
  const auto e = hn::LoadU(d, source + 3 * source_step);
  const auto ab_low = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
  const auto ab_high = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
  const auto ce_low = hn::BitCast(pairs, hn::InterleaveLower(d, c, e));
  const auto ce_high = hn::BitCast(pairs, hn::InterleaveUpper(d, c, e));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, ab_low, ce_low)), d, target);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, ab_low, ce_low)), d, target + target_step);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, ab_high, ce_high)), d,
             target + 2 * target_step);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, ab_high, ce_high)), d,
             target + 3 * target_step);
}

void transpose(const float* source, std::int64_t source_step, std::int64_t rows,
               std::int64_t columns, float* target, std::int64_t target_step) {
  const std::int64_t whole_rows = rows / 4 * 4;
  const std::int64_t whole_columns = columns / 4 * 4;
  for (std::int64_t column = 0; column < whole_columns; column += 4) {
    for (std::int64_t row = 0; row < whole_rows; row += 4) {
      transpose_block(source + row * source_step + column, source_step,
                      target + column * target_step + row, target_step);
    }
  }
  transpose_plainly(source + whole_columns, source_step, whole_rows, columns - whole_columns,
                    target + whole_columns * target_step, target_step);
  transpose_plainly(source + whole_rows * source_step, source_step, rows - whole_rows, columns,
                    target + whole_rows, target_step);
}

#endif

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {

HWY_EXPORT(transpose);

// Channels moved at a time: with sixteen tokens 2 KiB on either side, in first-level cache while
// rows and columns are crossed.
constexpr std::int64_t kBlockChannels = 32;

}  // namespace

void rows_to_panels(const float* rows, std::int64_t tokens, std::int64_t channels, float* panels,
                    ThreadPool& threads) {
  threads.parallel_for(static_cast<std::size_t>(panel_count(tokens)), [&](std::size_t index, int) {
    const std::int64_t first = static_cast<std::int64_t>(index) * kPanelTokens;
    const std::int64_t count = std::min(kPanelTokens, tokens - first);
    float* panel = panels + first * channels;
    if (count < kPanelTokens) std::fill_n(panel, channels * kPanelTokens, 0.0F);
    for (std::int64_t c = 0; c < channels; c += kBlockChannels) {
      HWY_DYNAMIC_DISPATCH(transpose)
      (rows + first * channels + c, channels, count, std::min(kBlockChannels, channels - c),
       panel + c * kPanelTokens, kPanelTokens);
    }
  });
}

void panels_to_rows(const float* panels, std::int64_t tokens, std::int64_t channels, float* rows,
                    ThreadPool& threads, const float* residual) {
  threads.parallel_for(static_cast<std::size_t>(panel_count(tokens)), [&](std::size_t index, int) {
    const std::int64_t first = static_cast<std::int64_t>(index) * kPanelTokens;
    const std::int64_t count = std::min(kPanelTokens, tokens - first);
    const float* panel = panels + first * channels;
    alignas(64) float block[kPanelTokens * kBlockChannels];
    for (std::int64_t c = 0; c < channels; c += kBlockChannels) {
      const std::int64_t width = std::min(kBlockChannels, channels - c);
      float* target = rows + first * channels + c;
      if (residual == nullptr) {
        HWY_DYNAMIC_DISPATCH(transpose)
        (panel + c * kPanelTokens, kPanelTokens, width, count, target, channels);
        continue;
      }
      HWY_DYNAMIC_DISPATCH(transpose)
      (panel + c * kPanelTokens, kPanelTokens, width, count, block, kBlockChannels);
      const float* added = residual + first * channels + c;
      for (std::int64_t token = 0; token < count; ++token) {
        for (std::int64_t i = 0; i < width; ++i) {
          target[token * channels + i] =
              block[token * kBlockChannels + i] + added[token * channels + i];
        }
      }
    }
  });
}

}  // namespace blip
#endif  // HWY_ONCE
