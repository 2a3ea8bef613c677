#include "kernels/panels.hpp"

#include <algorithm>

namespace blip {
namespace {

// Channels moved at a time: with sixteen tokens a block of 1 KiB on either side, in first-level
// cache while its rows and columns are crossed.
constexpr std::int64_t kBlock = 16;

}  // namespace

void rows_to_panels(const float* rows, std::int64_t tokens, std::int64_t channels, float* panels) {
  for (std::int64_t first = 0; first < tokens; first += kPanelTokens) {
    const std::int64_t count = std::min(kPanelTokens, tokens - first);
    const float* source = rows + first * channels;
    float* panel = panels + first * channels;
    if (count < kPanelTokens) std::fill_n(panel, channels * kPanelTokens, 0.0F);
    for (std::int64_t begin = 0; begin < channels; begin += kBlock) {
      const std::int64_t end = std::min(begin + kBlock, channels);
      for (std::int64_t token = 0; token < count; ++token) {
        for (std::int64_t c = begin; c < end; ++c) {
          panel[c * kPanelTokens + token] = source[token * channels + c];
        }
      }
    }
  }
}

void panels_to_rows(const float* panels, std::int64_t tokens, std::int64_t channels, float* rows) {
  for (std::int64_t first = 0; first < tokens; first += kPanelTokens) {
    const std::int64_t count = std::min(kPanelTokens, tokens - first);
    const float* panel = panels + first * channels;
    float* target = rows + first * channels;
    for (std::int64_t begin = 0; begin < channels; begin += kBlock) {
      const std::int64_t end = std::min(begin + kBlock, channels);
      for (std::int64_t token = 0; token < count; ++token) {
        for (std::int64_t c = begin; c < end; ++c) {
          target[token * channels + c] = panel[c * kPanelTokens + token];
        }
      }
    }
  }
}

}  // namespace blip
