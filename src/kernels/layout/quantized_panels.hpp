// Quantized token panels: what int8 layers read.
//
// Each token's channels are cut into blocks, and a block is stored as
//   value = offset + step * stored,   stored in [0, 255],
// with an offset and a step of the token's own, found from what the block holds. Four channels of
// sixteen tokens lie together, [C / 4, 16, 4]: the order in which integer dot products
// (VNNI, AMX) read their right operand.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/layout/divide_up.hpp"
#include "kernels/layout/panels.hpp"

namespace blip {

/// Channels of a block at most. Blocks bound what one large channel does to the others, and let a
/// layer quantize its output while that is in cache.
constexpr std::int64_t kMaxQuantizationBlock = 1024;

/// Blocks are as even as multiples of 64 channels, an AMX tile's depth, allow.
constexpr std::int64_t quantization_block(std::int64_t channels) {
  const std::int64_t blocks = divide_up(channels, kMaxQuantizationBlock);
  if (blocks <= 1) return channels;
  return round_up(divide_up(channels, blocks), 64);
}

constexpr std::int64_t quantization_blocks(std::int64_t channels) {
  return divide_up(channels, quantization_block(channels));
}

/// Whether channels can be read four at a time.
constexpr bool is_quantizable(std::int64_t channels) {
  return channels > 0 && channels % 4 == 0;
}

struct QuantizedPanels {
  std::uint8_t* values = nullptr;  // [P, C / 4, 16, 4]
  float* steps = nullptr;          // [P, blocks, 16]
  float* offsets = nullptr;        // [P, blocks, 16]
  std::int64_t channels = 0;
  /// Tokens of each image or text, which begins with a panel of its own; the places that are left
  /// over in its last panel count for nothing. 0: every place counts.
  std::int64_t sequence_tokens = 0;

  [[nodiscard]] std::uint8_t* panel(std::int64_t index) const {
    return values + index * channels * kPanelTokens;
  }
  /// Where the sixteen steps of a block begin in `steps`, and the offsets in `offsets`.
  [[nodiscard]] std::int64_t place(std::int64_t panel, std::int64_t block) const {
    return (panel * quantization_blocks(channels) + block) * kPanelTokens;
  }
};

/// Uninitialised, valid until the innermost Frame of `scratch` ends.
[[nodiscard]] QuantizedPanels allocate_quantized_panels(Scratch& scratch, std::int64_t panels,
                                                        std::int64_t channels);

/// One block of one panel, x: [channels, 16] → values: [channels / 4, 16, 4], steps: [16],
/// offsets: [16]
void quantize_channels(const float* x, std::int64_t channels, std::uint8_t* values, float* steps,
                       float* offsets);

/// x: [C, 16] → out's panel of that number
void quantize_panel(const float* x, std::int64_t panel, const QuantizedPanels& out);

/// x: [P, C, 16] → out: [P, C / 4, 16, 4]
void quantize_panels(const float* x, std::int64_t panels, const QuantizedPanels& out,
                     ThreadPool& threads);

}  // namespace blip
