// Float32 as three bfloat16 numbers, whose sum it is exactly.
//
// A float32 has 24 significant bits, a bfloat16 8: high, middle and low part hold them all.
// Products of parts are what AMX computes, many at a time; the six largest of the nine add up to
// the float32 product to within its own rounding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/layout/panels.hpp"

namespace blip {

constexpr std::size_t kSplitParts = 3;
/// Channels of a tile of AMX, which holds 16 tokens or 16 weights' rows of them: 512 numbers.
constexpr std::int64_t kSplitChannels = 32;
constexpr std::int64_t kSplitTile = 512;

/// Numbers that `panels` token panels take in parts.
constexpr std::int64_t split_size(std::int64_t panels, std::int64_t channels) {
  return panels * channels * kPanelTokens * static_cast<std::int64_t>(kSplitParts);
}

/// x: [P] of [C, 16], `x_step` floats apart → out: [P, C / 32, parts, 16, 16, 2]: two channels of a
/// token lie together, and tiles in the order in which they are multiplied. C is a multiple of 32.
void split_panels(const float* x, std::int64_t x_step, std::int64_t panels, std::int64_t channels,
                  std::uint16_t* out, ThreadPool& threads);

/// values: [count], `count` channels of one row of weights from a multiple of 32 on → that row of
/// the tiles [count / 32, parts, 16, 32] whose first row is at `out`.
void split_row(const float* values, std::size_t count, std::uint16_t* out);

}  // namespace blip
