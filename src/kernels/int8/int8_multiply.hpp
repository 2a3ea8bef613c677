// The integer product under every int8 layer: exact, so that each instruction set gives the same
// sums.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blip {

/// Rows of signed weights times panels of unsigned tokens:
/// weights: [rows, channels], `weight_step` bytes from row to row; x: [panels] of
/// [channels / 4, 16, 4], `x_step` bytes from panel to panel → sums: [panels, rows, 16].
/// `channels` is a multiple of 4 and at most kMaxInt8Channels. x and sums are aligned to 64 bytes.
struct Int8Product {
  const std::int8_t* weights = nullptr;
  std::size_t weight_step = 0;
  std::size_t rows = 0;
  const std::uint8_t* x = nullptr;
  std::size_t x_step = 0;
  std::size_t panels = 0;
  std::size_t channels = 0;
  std::int32_t* sums = nullptr;
};

/// 255 × 127 × 65,536 channels is the last product that an int32 is sure to hold.
constexpr std::size_t kMaxInt8Channels = 65536;

void int8_multiply(const Int8Product& product);

}  // namespace blip
