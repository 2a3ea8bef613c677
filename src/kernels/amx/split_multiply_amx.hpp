// Float32 products by AMX, from numbers split in three (kernels/amx/split_panels.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/amx/split_panels.hpp"

namespace blip {

/// Rows of weights times panels of tokens, both in tiles. weights: [rows / 16] of
/// [channels / 32, parts, 16, 32], `weight_step` numbers apart; x: [panels] of
/// [channels / 32, parts, 16, 16, 2], `x_step` numbers apart → sums: [panels, rows, 16]. `rows` is
/// a multiple of 32.
struct SplitProduct {
  const std::uint16_t* weights = nullptr;
  std::size_t weight_step = 0;
  std::size_t weight_parts = kSplitParts;  // that are not all zero: the first of them
  std::size_t rows = 0;
  const std::uint16_t* x = nullptr;
  std::size_t x_step = 0;
  std::size_t panels = 0;
  std::size_t channels = 0;
  float* sums = nullptr;
};

constexpr std::int64_t kSplitRows = 32;

/// Only where best_x86_extension() is amx.
void split_multiply_amx(const SplitProduct& product);

}  // namespace blip
