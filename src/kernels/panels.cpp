#include "kernels/panels.hpp"

#include <algorithm>

namespace blip {
namespace {

// Channels moved at a time: with sixteen tokens a block of 1 KiB on either side, in first-level
// cache while its rows and columns are crossed.
constexpr std::int64_t kBlock = 16;

// Calls move(token, channel) for `count` tokens of a panel, block by block of channels.
template <typename Move>
void cross(std::int64_t count, std::int64_t channels, const Move& move) {
  for (std::int64_t begin = 0; begin < channels; begin += kBlock) {
    const std::int64_t end = std::min(begin + kBlock, channels);
    for (std::int64_t token = 0; token < count; ++token) {
      for (std::int64_t channel = begin; channel < end; ++channel) move(token, channel);
    }
  }
}

}  // namespace

void rows_to_panels(const float* rows, std::int64_t tokens, std::int64_t channels, float* panels,
                    ThreadPool& threads) {
  threads.parallel_for(static_cast<std::size_t>(panel_count(tokens)), [&](std::size_t index, int) {
    const std::int64_t first = static_cast<std::int64_t>(index) * kPanelTokens;
    const std::int64_t count = std::min(kPanelTokens, tokens - first);
    const float* source = rows + first * channels;
    float* panel = panels + first * channels;
    if (count < kPanelTokens) std::fill_n(panel, channels * kPanelTokens, 0.0F);
    cross(count, channels, [=](std::int64_t token, std::int64_t channel) {
      panel[channel * kPanelTokens + token] = source[token * channels + channel];
    });
  });
}

void panels_to_rows(const float* panels, std::int64_t tokens, std::int64_t channels, float* rows,
                    ThreadPool& threads, const float* residual) {
  threads.parallel_for(static_cast<std::size_t>(panel_count(tokens)), [&](std::size_t index, int) {
    const std::int64_t first = static_cast<std::int64_t>(index) * kPanelTokens;
    const std::int64_t count = std::min(kPanelTokens, tokens - first);
    const float* panel = panels + first * channels;
    float* target = rows + first * channels;
    if (residual == nullptr) {
      cross(count, channels, [=](std::int64_t token, std::int64_t channel) {
        target[token * channels + channel] = panel[channel * kPanelTokens + token];
      });
      return;
    }
    const float* added = residual + first * channels;
    cross(count, channels, [=](std::int64_t token, std::int64_t channel) {
      const std::int64_t place = token * channels + channel;
      target[place] = panel[channel * kPanelTokens + token] + added[place];
    });
  });
}

}  // namespace blip
