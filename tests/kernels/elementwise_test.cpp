// gelu, layer_norm, softmax and the conversions against their definitions, on every instruction
// set.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "core/aligned_memory.hpp"
#include "kernels/float/gelu.hpp"
#include "kernels/float/layer_norm.hpp"
#include "kernels/float/panel_layer_scale.hpp"
#include "kernels/float/panel_swiglu.hpp"
#include "kernels/float/softmax.hpp"
#include "kernels/layout/convert.hpp"
#include "reference.hpp"

namespace blip {
namespace {

TEST(Gelu, IsTheErfGeluEverywhere) {
  std::vector<float> inputs;
  for (float x = -12.0F; x <= 12.0F; x += 0.00037F) inputs.push_back(x);
  inputs.insert(inputs.end(), {0.0F, -0.0F, 1e-30F, -1e-30F, 1e30F, -1e30F});
  on_every_target([&](const char* target) {
    std::vector<float> values = inputs;
    add_bias_gelu(values.data(), nullptr, values.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const double expected = exact_gelu(inputs[i]);
      // The rational erf has an error of 3.5e-7 without FMA, and
      // for negative x that is what 1 + erf cancels to; x / 2 multiplies it; the products round
      // too.
      EXPECT_NEAR(
          values[i], expected,
          1.75e-7 * std::max(2.0, std::abs(double{inputs[i]})) + 1.2e-7 * std::abs(expected))
          << target << " x = " << inputs[i];
    }
  });
}

TEST(Gelu, AddsTheBiasFirst) {
  const std::vector<float> x = random_floats(101, 1);
  const std::vector<float> bias = random_floats(101, 2);
  on_every_target([&](const char* target) {
    std::vector<float> values = x;
    add_bias_gelu(values.data(), bias.data(), values.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_NEAR(values[i], exact_gelu(static_cast<double>(x[i]) + bias[i]), 1e-6) << target;
    }
  });
}

TEST(SigmoidGelus, AreTheirDefinitionsEverywhere) {
  std::vector<float> inputs;
  for (float x = -60.0F; x <= 60.0F; x += 0.0037F) inputs.push_back(x);
  inputs.insert(inputs.end(), {0.0F, -0.0F, 1e-30F, -1e-30F, 1e4F, -1e4F});
  const auto check = [&](const auto& function, const auto& exact, const char* what) {
    std::vector<float> values = inputs;
    function(values.data(), nullptr, values.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const double expected = exact(double{inputs[i]});
      ASSERT_NEAR(values[i], expected, 1e-7 + 2e-6 * std::abs(expected))
          << what << " x = " << inputs[i];
    }
  };
  on_every_target([&](const char* target) {
    check(add_bias_quick_gelu, exact_quick_gelu, target);
    check(add_bias_tanh_gelu, exact_tanh_gelu, target);
  });
}

// x: [P, 2 C, 16] → [P, C, 16]
TEST(PanelSwiglu, MultipliesByTheSiluOfTheGates) {
  constexpr std::int64_t kPanels = 3;
  constexpr std::int64_t kChannels = 5;
  constexpr std::size_t kHalf = kChannels * 16;
  const std::vector<float> x = random_floats(kPanels * 2 * kHalf, 7, 3.0F);
  // Panels are aligned.
  const AlignedBytes panels = allocate_aligned(x.size() * sizeof(float));
  std::memcpy(panels.get(), x.data(), x.size() * sizeof(float));
  const AlignedBytes result = allocate_aligned(kPanels * kHalf * sizeof(float));
  auto* const out = reinterpret_cast<float*>(result.get());
  ThreadPool threads(2);
  on_every_target([&](const char* target) {
    panel_swiglu(reinterpret_cast<const float*>(panels.get()), kPanels, kChannels, out, threads);
    for (std::size_t i = 0; i < kPanels * kHalf; ++i) {
      const std::size_t gate = i / kHalf * 2 * kHalf + i % kHalf;
      const double expected = exact_silu(double{x[gate]}) * double{x[gate + kHalf]};
      ASSERT_NEAR(out[i], expected, 1e-6 * (1.0 + std::abs(expected))) << target << " " << i;
    }
  });
}

TEST(PanelLayerScale, AddsWhatIsScaledByChannel) {
  constexpr std::int64_t kPanels = 3;
  constexpr std::int64_t kChannels = 5;
  const std::vector<float> before = random_floats(kPanels * kChannels * 16, 8);
  const std::vector<float> residual = random_floats(before.size(), 9);
  const std::vector<float> scale = random_floats(kChannels, 10);
  std::vector<float> x = before;
  ThreadPool threads(2);
  panel_layer_scale(x.data(), scale.data(), residual.data(), kPanels, kChannels, threads);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(x[i], residual[i] + scale[i / 16 % kChannels] * before[i], 1e-6) << i;
  }
}

TEST(LayerNorm, MatchesTheDefinitionAtAnyWidth) {
  for (const std::size_t channels : {1, 7, 20, 36, 768, 1024}) {
    constexpr std::size_t kRows = 70;  // more than one task of the threaded form
    std::vector<float> x = random_floats(kRows * channels, 3);
    for (float& value : x) value += 10.0F;  // a mean far from zero
    const std::vector<float> weight = random_floats(channels, 4);
    const std::vector<float> bias = random_floats(channels, 5);
    const LayerNorm norm{weight.data(), bias.data(), 1e-5F};
    on_every_target([&](const char* target) {
      std::vector<float> out(x.size());
      layer_norm(x.data(), norm, kRows, static_cast<std::int64_t>(channels), out.data());
      ThreadPool threads(2);
      std::vector<float> threaded(x.size());
      layer_norm(x.data(), norm, kRows, static_cast<std::int64_t>(channels), threaded.data(),
                 threads);
      EXPECT_EQ(out, threaded);
      for (std::size_t row = 0; row < kRows; ++row) {
        const float* values = x.data() + row * channels;
        const double mean = std::accumulate(values, values + channels, 0.0) / double(channels);
        double variance = 0.0;
        for (std::size_t c = 0; c < channels; ++c) variance += std::pow(values[c] - mean, 2);
        variance /= double(channels);
        for (std::size_t c = 0; c < channels; ++c) {
          const double expected =
              (values[c] - mean) / std::sqrt(variance + 1e-5) * weight[c] + bias[c];
          // The build without vectors adds 1024 values near 10 one after another.
          EXPECT_NEAR(out[row * channels + c], expected, 6e-5) << target << " width " << channels;
        }
      }
    });
  }
}

TEST(LayerNorm, MayWorkInPlace) {
  std::vector<float> x = random_floats(64, 6);
  const std::vector<float> weight(32, 1.0F);
  const std::vector<float> bias(32, 0.0F);
  const LayerNorm norm{weight.data(), bias.data(), 1e-12F};
  std::vector<float> out(64);
  layer_norm(x.data(), norm, 2, 32, out.data());
  layer_norm(x.data(), norm, 2, 32, x.data());
  EXPECT_EQ(x, out);
}

TEST(Softmax, MatchesTheDefinitionAndKeepsTheStride) {
  for (const std::size_t n : {1, 3, 8, 17, 577}) {
    const std::size_t stride = n + 5;
    std::vector<float> scores = random_floats(2 * stride, 7, 4.0F);
    scores[0] = 200.0F;  // overflows exp without the shift
    on_every_target([&](const char* target) {
      std::vector<float> out = scores;
      softmax_rows(out.data(), 2, static_cast<std::int64_t>(n), static_cast<std::int64_t>(stride),
                   0.125F);
      for (std::size_t row = 0; row < 2; ++row) {
        const auto first = scores.begin() + static_cast<std::ptrdiff_t>(row * stride);
        const std::vector<double> expected =
            exact_softmax({first, first + static_cast<std::ptrdiff_t>(n)}, 0.125);
        for (std::size_t i = 0; i < n; ++i) {
          EXPECT_NEAR(out[row * stride + i], expected[i], 4e-7) << target << " n " << n;
        }
        for (std::size_t i = n; i < stride; ++i) {
          EXPECT_EQ(out[row * stride + i], scores[row * stride + i]) << "padding was written";
        }
      }
    });
  }
}

// Every float16 and bfloat16 there is, to float32 and back.
TEST(Convert, RoundTripsEverySixteenBitValue) {
  std::vector<std::uint16_t> bits(65536);
  std::iota(bits.begin(), bits.end(), 0);
  for (const WeightFormat format : {WeightFormat::f16, WeightFormat::bf16}) {
    on_every_target([&](const char* target) {
      std::vector<float> values(bits.size());
      convert_to_f32(bits.data(), format, bits.size(), values.data());
      std::vector<std::uint16_t> back(bits.size());
      convert_from_f32(values.data(), back.size(), format, back.data());
      for (std::size_t i = 0; i < bits.size(); ++i) {
        const std::uint32_t infinity = format == WeightFormat::f16 ? 0x7c00 : 0x7f80;
        // NaN: without F16C, Highway's conversion may give an infinity; no weight is either.
        if ((bits[i] & 0x7fffU) > infinity) continue;
        ASSERT_EQ(back[i], bits[i]) << target << " " << i;
      }
    });
  }
}

TEST(Convert, KnowsTheLandmarks) {
  const std::uint16_t halves[] = {0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000};
  float values[6];
  convert_to_f32(halves, WeightFormat::f16, 6, values);
  EXPECT_EQ(values[0], 1.0F);
  EXPECT_EQ(values[1], -2.0F);
  EXPECT_EQ(values[2], 0x1p-24F);
  EXPECT_EQ(values[3], 65504.0F);
  EXPECT_EQ(values[4], std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::signbit(values[5]));
}

// Whole vectors of float16 are the processor's work where it can, and must not show it.
TEST(Convert, ManyNumbersRoundAsEachAlone) {
  auto values = random_floats(1000, 5);
  for (std::size_t i = 0; i < values.size(); i += 3) values[i] *= 1e-6F;
  for (std::size_t i = 1; i < values.size(); i += 7) values[i] *= 1e5F;
  values[500] = std::numeric_limits<float>::infinity();
  values[700] = -std::numeric_limits<float>::quiet_NaN();
  values[900] = std::bit_cast<float>(0x7fc12345U);
  for (const WeightFormat format : {WeightFormat::f16, WeightFormat::bf16}) {
    on_every_target([&](const char* target) {
      std::vector<std::uint16_t> together(values.size());
      convert_from_f32(values.data(), values.size(), format, together.data());
      for (std::size_t i = 0; i < values.size(); ++i) {
        std::uint16_t alone = 0;
        convert_from_f32(&values[i], 1, format, &alone);
        ASSERT_EQ(together[i], alone) << target << " " << values[i];
      }
    });
  }
}

TEST(Convert, RoundsToNearestEven) {
  const auto half = [](float value, WeightFormat format) {
    std::uint16_t bits = 0;
    convert_from_f32(&value, 1, format, &bits);
    return bits;
  };
  // Halfway between two neighbours goes to the even one, a hair more goes up.
  EXPECT_EQ(half(1.0F + 0x1p-11F, WeightFormat::f16), 0x3c00);
  EXPECT_EQ(half(1.0F + 0x3p-11F, WeightFormat::f16), 0x3c02);
  EXPECT_EQ(half(std::nextafter(1.0F + 0x1p-11F, 2.0F), WeightFormat::f16), 0x3c01);
  EXPECT_EQ(half(65519.0F, WeightFormat::f16), 0x7bff);
  EXPECT_EQ(half(65520.0F, WeightFormat::f16), 0x7c00);
  EXPECT_EQ(half(0x1p-25F, WeightFormat::f16), 0x0000);
  EXPECT_EQ(half(0x3p-26F, WeightFormat::f16), 0x0001);
  EXPECT_EQ(half(1.0F + 0x1p-8F, WeightFormat::bf16), 0x3f80);
  EXPECT_EQ(half(1.0F + 0x3p-8F, WeightFormat::bf16), 0x3f82);
  EXPECT_EQ(half(std::numeric_limits<float>::quiet_NaN(), WeightFormat::bf16) & 0x7fc0, 0x7fc0);
}

}  // namespace
}  // namespace blip
