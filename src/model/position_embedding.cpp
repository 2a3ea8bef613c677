#include "model/position_embedding.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

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

void interpolate_bicubic(const float* patches, std::int64_t grid, std::int64_t hidden,
                         std::int64_t height, std::int64_t width, float* out) {
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

// What one output is a mean of: inputs [first, first + weights), by weights that add up to 1.
struct Mean {
  std::int64_t first = 0;
  std::vector<float> weights;
};

// Keys' cubic with a = -0.5 at distance x.
float cubic(float x) {
  constexpr float a = -0.5F;
  x = std::abs(x);
  if (x < 1.0F) return ((a + 2.0F) * x - (a + 3.0F)) * x * x + 1.0F;
  if (x < 2.0F) return (((x - 5.0F) * x + 8.0F) * x - 4.0F) * a;
  return 0.0F;
}

std::vector<Mean> means_of(std::int64_t inputs, std::int64_t outputs) {
  const float scale = static_cast<float>(inputs) / static_cast<float>(outputs);
  const float spread = std::max(scale, 1.0F);
  const float support = 2.0F * spread;
  std::vector<Mean> means(static_cast<std::size_t>(outputs));
  for (std::int64_t i = 0; i < outputs; ++i) {
    Mean& mean = means[static_cast<std::size_t>(i)];
    const float centre = scale * (static_cast<float>(i) + 0.5F);
    mean.first = std::max<std::int64_t>(static_cast<std::int64_t>(centre - support + 0.5F), 0);
    const std::int64_t last = std::min(static_cast<std::int64_t>(centre + support + 0.5F), inputs);
    float sum = 0.0F;
    for (std::int64_t at = mean.first; at < last; ++at) {
      mean.weights.push_back(cubic((static_cast<float>(at) - centre + 0.5F) / spread));
      sum += mean.weights.back();
    }
    for (float& weight : mean.weights) weight /= sum;
  }
  return means;
}

// Along the rows first, then along the columns, as torch does.
void interpolate_antialiased(const float* patches, std::int64_t grid, std::int64_t hidden,
                             std::int64_t height, std::int64_t width, float* out) {
  const auto add = [&](const float* source, float weight, float* sum) {
    for (std::int64_t i = 0; i < hidden; ++i) sum[i] += weight * source[i];
  };
  std::vector<float> narrow(static_cast<std::size_t>(grid * width * hidden), 0.0F);
  float* to = narrow.data();
  const std::vector<Mean> columns = means_of(grid, width);
  for (std::int64_t y = 0; y < grid; ++y) {
    for (const Mean& mean : columns) {
      const float* source = patches + (y * grid + mean.first) * hidden;
      for (const float weight : mean.weights) {
        add(source, weight, to);
        source += hidden;
      }
      to += hidden;
    }
  }
  std::fill_n(out, height * width * hidden, 0.0F);
  for (const Mean& mean : means_of(grid, height)) {
    for (std::int64_t x = 0; x < width; ++x, out += hidden) {
      const float* source = narrow.data() + (mean.first * width + x) * hidden;
      for (const float weight : mean.weights) {
        add(source, weight, out);
        source += width * hidden;
      }
    }
  }
}

}  // namespace

void interpolate_position_embedding(const float* embedding, std::int64_t grid, std::int64_t hidden,
                                    std::int64_t height, std::int64_t width, float* out,
                                    std::int64_t kept, PositionResampling resampling) {
  std::copy_n(embedding, kept * hidden, out);
  const float* patches = embedding + kept * hidden;
  out += kept * hidden;
  if (resampling == PositionResampling::antialiased_bicubic) {
    interpolate_antialiased(patches, grid, hidden, height, width, out);
  } else {
    interpolate_bicubic(patches, grid, hidden, height, width, out);
  }
}

}  // namespace blip
