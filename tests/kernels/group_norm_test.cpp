// GroupNorm against plain loops in double precision.
#include "kernels/float/group_norm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "reference.hpp"

namespace blip {
namespace {

std::vector<double> expected_norm(const std::vector<float>& x, const GroupNorm& norm,
                                  std::int64_t batch, std::int64_t pixels, AfterNorm after) {
  const std::int64_t channels = norm.channels;
  const std::int64_t width = channels / norm.groups;
  std::vector<double> out(x.size());
  for (std::int64_t image = 0; image < batch; ++image) {
    for (std::int64_t group = 0; group < norm.groups; ++group) {
      const auto for_each = [&](auto&& action) {
        for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
          for (std::int64_t c = group * width; c < (group + 1) * width; ++c) {
            action(static_cast<std::size_t>((image * pixels + pixel) * channels + c),
                   static_cast<std::size_t>(c));
          }
        }
      };
      double sum = 0;
      for_each([&](std::size_t i, std::size_t) { sum += static_cast<double>(x[i]); });
      const double mean = sum / static_cast<double>(pixels * width);
      double squares = 0;
      for_each([&](std::size_t i, std::size_t) { squares += std::pow(x[i] - mean, 2); });
      const double spread =
          std::sqrt(squares / static_cast<double>(pixels * width) + double{norm.epsilon});
      for_each([&](std::size_t i, std::size_t c) {
        out[i] = (x[i] - mean) / spread * double{norm.weight[c]} + double{norm.bias[c]};
        if (after == AfterNorm::silu) out[i] /= 1.0 + std::exp(-out[i]);
      });
    }
  }
  return out;
}

TEST(GroupNorm, IsThatOfPlainLoops) {
  struct Sizes {
    std::int64_t batch;
    std::int64_t pixels;
    std::int64_t channels;
    std::int64_t groups;
  };
  // Parts of 512 pixels: one, one and a rest; channels that fill no vector.
  for (const Sizes& sizes :
       {Sizes{1, 16, 32, 32}, Sizes{2, 700, 12, 3}, Sizes{1, 513, 67, 67}, Sizes{3, 1, 64, 2}}) {
    const auto count = static_cast<std::size_t>(sizes.batch * sizes.pixels * sizes.channels);
    std::vector<float> x = random_floats(count, 1);
    for (float& value : x) value = 3.0F * value + 5.0F;
    const std::vector<float> weight = random_floats(static_cast<std::size_t>(sizes.channels), 2);
    const std::vector<float> bias = random_floats(static_cast<std::size_t>(sizes.channels), 3);
    const GroupNorm norm = {weight.data(), bias.data(), sizes.channels, sizes.groups, 1e-5F};
    for (const AfterNorm after : {AfterNorm::nothing, AfterNorm::silu}) {
      Context context({.num_threads = 2});
      std::vector<float> out(count);
      group_norm(x.data(), norm, sizes.batch, sizes.pixels, after, out.data(), context);
      const std::vector<double> wanted = expected_norm(x, norm, sizes.batch, sizes.pixels, after);
      for (std::size_t i = 0; i < count; ++i) ASSERT_NEAR(out[i], wanted[i], 1e-5) << i;
      Context alone({.num_threads = 1});
      std::vector<float> in_place = x;
      group_norm(in_place.data(), norm, sizes.batch, sizes.pixels, after, in_place.data(), alone);
      EXPECT_EQ(in_place, out);
    }
  }
}

}  // namespace
}  // namespace blip
