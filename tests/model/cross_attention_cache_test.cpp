// Keys and values of cross-attention as their caches hold them, against plain products.
#include "model/cross_attention_cache.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/layout/convert.hpp"
#include "kernels/layout/panels.hpp"

namespace blip {
namespace {

constexpr std::int64_t kChannels = 20;
constexpr std::int64_t kHeads = 3;
constexpr std::int64_t kHeadSize = 8;
constexpr std::int64_t kHidden = kHeads * kHeadSize;

std::vector<float> random_floats(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  std::vector<float> values(count);
  for (float& value : values) value = uniform(generator);
  return values;
}

// A layer's two projections, and the same by plain sums.
class Projections {
 public:
  explicit Projections(unsigned seed)
      : weights_(random_floats(2 * kHidden * kChannels, seed)),
        biases_(random_floats(2 * kHidden, seed + 1)) {
    for (std::int64_t i = 0; i < 2; ++i) {
      layers_.push_back({.weight = {.data = weights_.data() + i * kHidden * kChannels,
                                    .rows = kHidden,
                                    .columns = kChannels},
                         .bias = biases_.data() + i * kHidden});
    }
  }

  ~Projections() = default;
  Projections(const Projections&) = delete;  // layers_ points into it
  Projections& operator=(const Projections&) = delete;

  // The weights times 64, rounded, with a scale that makes `times` 1 of 64.
  void make_int8(float times) {
    integers_.resize(weights_.size());
    scales_.assign(2 * kHidden, times / 64.0F);
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      integers_[i] = static_cast<std::int8_t>(std::lround(weights_[i] * 64.0F));
      weights_[i] = static_cast<float>(integers_[i]) * times / 64.0F;
    }
    for (std::size_t i = 0; i < 2; ++i) {
      layers_[i].weight.data = integers_.data() + i * kHidden * kChannels;
      layers_[i].weight.format = WeightFormat::i8;
      layers_[i].weight.scales = scales_.data() + i * kHidden;
    }
  }

  [[nodiscard]] CrossAttentionProjection projection() const { return {&layers_[0], &layers_[1]}; }

  // → element `channel` of the key (0) or value (1) of a token
  [[nodiscard]] double expected(std::size_t which, const float* state, std::int64_t channel) const {
    const auto row = static_cast<std::int64_t>(which) * kHidden + channel;
    double sum = biases_[static_cast<std::size_t>(row)];
    for (std::int64_t c = 0; c < kChannels; ++c) {
      sum += double{weights_[static_cast<std::size_t>(row * kChannels + c)]} * double{state[c]};
    }
    return sum;
  }

 private:
  std::vector<float> weights_;
  std::vector<float> biases_;
  std::vector<std::int8_t> integers_;
  std::vector<float> scales_;
  std::vector<Linear> layers_;
};

std::vector<float> elements(const void* place, WeightFormat format, std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  convert_to_f32(place, format, values.size(), values.data());
  return values;
}

// More than go through the layers together, one that does so alone, and one that fills its panels.
const std::vector<std::int64_t> kLengths = {5, 32, kPanelsAtOnce* kPanelTokens + 1, 17};

class CrossAttentionCaches : public testing::Test {
 protected:
  CrossAttentionCaches() {
    std::int64_t rows = 0;
    for (const std::int64_t length : kLengths) rows += length;
    states_ = random_floats(static_cast<std::size_t>(rows * kChannels), 7);
  }

  void expect_the_projections(WeightFormat format, double tolerance) {
    const std::vector<CrossAttentionProjection> layers = {layers_[0].projection(),
                                                          layers_[1].projection()};
    Context context({.num_threads = 2});
    const auto caches =
        make_cross_attention_caches(layers, states_.data(), kLengths, kHeads, context);
    ASSERT_EQ(caches.size(), kLengths.size());
    const float* state = states_.data();
    for (std::size_t i = 0; i < caches.size(); ++i) {
      ASSERT_EQ(caches[i].tokens(), kLengths[i]);
      for (std::int64_t layer = 0; layer < 2; ++layer) {
        for (std::int64_t head = 0; head < kHeads; ++head) {
          const CachedHead cached = caches[i].head(layer, head);
          ASSERT_EQ(cached.format, format);
          const auto keys = elements(cached.keys, format, kHeadSize * cached.stride);
          const auto values = elements(cached.values, format, kLengths[i] * kHeadSize);
          const Projections& projections = layers_[static_cast<std::size_t>(layer)];
          for (std::int64_t c = 0; c < kHeadSize; ++c) {
            for (std::int64_t token = 0; token < cached.stride; ++token) {
              const float key = keys[static_cast<std::size_t>(c * cached.stride + token)];
              if (token >= kLengths[i]) {
                ASSERT_EQ(key, 0.0F) << "padding";
                continue;
              }
              const float* of_token = state + token * kChannels;
              const std::int64_t channel = head * kHeadSize + c;
              const float value = values[static_cast<std::size_t>(token * kHeadSize + c)];
              ASSERT_NEAR(key, projections.expected(0, of_token, channel), tolerance);
              ASSERT_NEAR(value, projections.expected(1, of_token, channel), tolerance);
            }
          }
        }
      }
      state += kLengths[i] * kChannels;
    }
  }

  std::array<Projections, 2> layers_ = {Projections(1), Projections(3)};
  std::vector<float> states_;
};

TEST_F(CrossAttentionCaches, HoldTheProjectionsOfEveryState) {
  expect_the_projections(WeightFormat::f32, 1e-5);
}

TEST_F(CrossAttentionCaches, AreFloat16WhereWeightsAreInt8) {
  for (Projections& layer : layers_) layer.make_int8(1.0F);
  // Half a unit in the last place of numbers below 16.
  expect_the_projections(WeightFormat::f16, 0x1p-8);
}

// An infinity would make all scores of the head NaN.
TEST_F(CrossAttentionCaches, HoldTheLargestFloat16InsteadOfAnInfinity) {
  for (Projections& layer : layers_) layer.make_int8(1e6F);
  const std::vector<CrossAttentionProjection> layers = {layers_[0].projection()};
  Context context({.num_threads = 1});
  const auto caches =
      make_cross_attention_caches(layers, states_.data(), {{kLengths[0]}}, kHeads, context);
  const CachedHead cached = caches.at(0).head(0, 0);
  for (const float key : elements(cached.keys, cached.format, kHeadSize * cached.stride)) {
    EXPECT_LE(std::abs(key), 65504.0F);
  }
  EXPECT_GT(std::abs(layers_[0].expected(0, states_.data(), 0)), 65504.0);
}

}  // namespace
}  // namespace blip
