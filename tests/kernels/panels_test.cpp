// Token panels: the layout, and attention and layer norm in it against their definitions.
#include "kernels/layout/panels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/float/panel_attention.hpp"
#include "kernels/float/panel_layer_norm.hpp"
#include "kernels/float/panel_linear.hpp"
#include "panel_floats.hpp"
#include "reference.hpp"

namespace blip {
namespace {

TEST(Panels, HoldSixteenTokensSideBySide) {
  ThreadPool threads(2);
  for (const std::size_t tokens : {1U, 16U, 17U, 50U}) {
    for (const std::size_t channels : {1U, 16U, 37U}) {
      const auto rows = random_floats(tokens * channels, 5);
      const PanelFloats panels(rows, channels, threads);
      for (std::size_t i = 0; i < panels.size(); ++i) {
        const std::size_t token = i / (16 * channels) * 16 + i % 16;
        const float expected = token < tokens ? rows[token * channels + i / 16 % channels] : 0.0F;
        ASSERT_EQ(panels.data()[i], expected) << tokens << " tokens, place " << i;
      }
      EXPECT_EQ(panels.rows(tokens, threads), rows);
      std::vector<float> doubled = rows;
      panels_to_rows(panels.data(), std::int64_t(tokens), std::int64_t(channels), doubled.data(),
                     threads, doubled.data());
      for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(doubled[i], 2 * rows[i]);
    }
  }
}

TEST(PanelLayerNorm, MatchesTheDefinition) {
  for (const std::size_t channels : {1U, 6U, 64U, 770U}) {
    const auto x = random_floats(20 * channels, 41);
    const auto weight = random_floats(channels, 42);
    const auto bias = random_floats(channels, 43);
    on_every_target([&](const char* target) {
      ThreadPool threads(3);
      PanelFloats panels(x, channels, threads);
      panel_layer_norm(panels.data(), {weight.data(), bias.data(), 1e-5F}, 2,
                       std::int64_t(channels), panels.data(), threads);
      const auto found = panels.rows(20, threads);
      for (std::size_t row = 0; row < 20; ++row) {
        double mean = 0.0;
        for (std::size_t c = 0; c < channels; ++c) mean += x[row * channels + c];
        mean /= double(channels);
        double variance = 0.0;
        for (std::size_t c = 0; c < channels; ++c) {
          variance += std::pow(x[row * channels + c] - mean, 2) / double(channels);
        }
        for (std::size_t c = 0; c < channels; ++c) {
          const double expected =
              (x[row * channels + c] - mean) / std::sqrt(variance + 1e-5) * weight[c] + bias[c];
          ASSERT_NEAR(found[row * channels + c], expected, 2e-5) << target << " row " << row;
        }
      }
    });
  }
}

// To the bit, and what is left over is 0: sequences with 1, 8, 9 and 16 tokens in their last panel,
// of one panel and of more than a block holds.
TEST(PanelLinear, ShortLastPanelsComeOutTheSame) {
  struct Shape {
    std::size_t sequence, batch, outputs, inputs;
  };
  for (const Shape shape : {Shape{1, 3, 5, 3}, Shape{50, 4, 100, 96}, Shape{24, 2, 24, 1100},
                            Shape{25, 2, 24, 64}, Shape{48, 2, 24, 64}, Shape{257, 2, 48, 1024}}) {
    const std::size_t panels = shape.batch * ((shape.sequence + 15) / 16);
    const auto x = random_floats(panels * 16 * shape.inputs, 81);
    const auto residual = random_floats(panels * 16 * shape.outputs, 82);
    const auto weights = random_floats(shape.outputs * shape.inputs, 83);
    const auto bias = random_floats(shape.outputs, 84);
    const Linear layer = {{weights.data(), WeightFormat::f32, std::int64_t(shape.outputs),
                           std::int64_t(shape.inputs)},
                          bias.data()};
    const std::size_t last = (shape.sequence - 1) % 16 + 1;
    on_every_path([&](const std::string& path) {
      Context context({.num_threads = 2});
      const PanelFloats input(x, shape.inputs, context.threads());
      const PanelFloats added(residual, shape.outputs, context.threads());
      const auto run = [&](std::size_t sequence_tokens) {
        const PanelFloats out(residual, shape.outputs, context.threads());
        panel_linear(input.data(), std::int64_t(panels), layer, out.data(), context,
                     Epilogue::bias_residual, added.data(), std::int64_t(sequence_tokens));
        return out.rows(panels * 16, context.threads());
      };
      const auto expected = run(0);
      const auto found = run(shape.sequence);
      for (std::size_t i = 0; i < found.size(); ++i) {
        const std::size_t row = i / shape.outputs % (panels / shape.batch * 16);
        const bool is_token = row < shape.sequence;
        // AMX takes whole panels.
        const bool is_left_out =
            !is_token && last <= 8 && row % 16 >= 8 && best_x86_extension() != X86Extension::amx;
        if (is_token) {
          ASSERT_EQ(found[i], expected[i]) << path << ", place " << i;
        } else if (is_left_out) {
          ASSERT_EQ(found[i], 0.0F) << path << ", place " << i;
        }
      }
    });
  }
}

TEST(PanelAttention, MatchesTheDefinition) {
  // Tokens below, at and above a panel and a group of them; heads that fill no tile of a product.
  for (const AttentionShape shape :
       {AttentionShape{1, 1, 1, 8}, AttentionShape{2, 17, 3, 12}, AttentionShape{1, 96, 2, 64},
        AttentionShape{2, 97, 2, 5}, AttentionShape{1, 300, 1, 64}}) {
    const auto size = static_cast<std::size_t>(shape.head_size);
    const std::size_t hidden = static_cast<std::size_t>(shape.heads) * size;
    const auto padded = static_cast<std::size_t>(shape.padded_tokens());
    // Rows past an image's last token hold something too, which no token may feel.
    const auto qkv = random_floats(static_cast<std::size_t>(shape.batch) * padded * 3 * hidden, 21);
    on_every_target([&](const char* target) {
      for (const int count : {1, 3}) {
        Context context({.num_threads = count});
        const PanelFloats panels(qkv, 3 * hidden, context.threads());
        PanelFloats out(std::vector<float>(qkv.size() / 3), hidden, context.threads());
        panel_attention(panels.data(), shape, out.data(), context);
        const auto found = out.rows(qkv.size() / 3 / hidden, context.threads());
        expect_attention(qkv, shape, found, 2e-6, target);
      }
    });
  }
}

}  // namespace
}  // namespace blip
