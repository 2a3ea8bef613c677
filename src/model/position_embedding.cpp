#include "model/position_embedding.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace blip {
namespace {

constexpr int kTaps = 4;

struct Taps {
  std::array<std::int64_t, kTaps> index;
  std::array<float, kTaps> weight;
};

// Keys' cubic convolution with torch's a, at distance t and 1 - t from the two inner samples.
std::array<float, kTaps> cubic_weights(float t) {
  constexpr float a = -0.75F;
  const auto inner = [](float x) { return ((a + 2.0F) * x - (a + 3.0F)) * x * x + 1.0F; };
  const auto outer = [](float x) { return ((a * x - 5.0F * a) * x + 8.0F * a) * x - 4.0F * a; };
  return {outer(t + 1.0F), inner(t), inner(1.0F - t), outer(2.0F - t)};
}

// Where output `position` of `outputs` samples `inputs`: pixel centres, align_corners=False.
Taps taps_at(std::int64_t position, std::int64_t inputs, std::int64_t outputs) {
  const float scale = static_cast<float>(inputs) / static_cast<float>(outputs);
  const float source = (static_cast<float>(position) + 0.5F) * scale - 0.5F;
  const float floor = std::floor(source);
  Taps taps{};
  taps.weight = cubic_weights(source - floor);
  for (int k = 0; k < kTaps; ++k) {
    taps.index[k] =
        std::clamp<std::int64_t>(static_cast<std::int64_t>(floor) - 1 + k, 0, inputs - 1);
  }
  return taps;
}

}  // namespace

void interpolate_position_embedding(const float* embedding, std::int64_t grid, std::int64_t hidden,
                                    std::int64_t height, std::int64_t width, float* out) {
  std::copy_n(embedding, hidden, out);
  const float* patches = embedding + hidden;
  out += hidden;
  for (std::int64_t y = 0; y < height; ++y) {
    const Taps rows = taps_at(y, grid, height);
    for (std::int64_t x = 0; x < width; ++x, out += hidden) {
      const Taps columns = taps_at(x, grid, width);
      std::fill_n(out, hidden, 0.0F);
      for (int j = 0; j < kTaps; ++j) {
        for (int k = 0; k < kTaps; ++k) {
          const float* source = patches + (rows.index[j] * grid + columns.index[k]) * hidden;
          const float weight = rows.weight[j] * columns.weight[k];
          for (std::int64_t i = 0; i < hidden; ++i) out[i] += weight * source[i];
        }
      }
    }
  }
}

}  // namespace blip
