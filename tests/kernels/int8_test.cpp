// Int8 layers: the integer product exactly, the rest against what was quantized in double
// precision.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/aligned_memory.hpp"
#include "kernels/int8/int8_attention.hpp"
#include "kernels/int8/int8_linear.hpp"
#include "kernels/int8/int8_multiply.hpp"
#include "kernels/int8/quantize_weights.hpp"
#include "kernels/layout/quantized_panels.hpp"
#include "panel_floats.hpp"
#include "reference.hpp"

namespace blip {
namespace {

TEST(Int8Multiply, IsExactOnEveryPath) {
  std::mt19937 engine(3);
  // Rows that fill no tile, one, a pair, four; panels in ones, pairs and threes; channels that AMX
  // takes and that it does not.
  for (const std::size_t rows : {1U, 15U, 16U, 33U, 64U, 83U}) {
    for (const std::size_t panels : {1U, 2U, 3U, 5U}) {
      for (const std::size_t channels : {4U, 60U, 64U, 192U}) {
        const AlignedBytes x = allocate_aligned(panels * channels * 16);
        const AlignedBytes weights = allocate_aligned(rows * channels);
        const AlignedBytes sums = allocate_aligned(panels * rows * 64);
        auto* tokens = reinterpret_cast<std::uint8_t*>(x.get());
        auto* stored = reinterpret_cast<std::int8_t*>(weights.get());
        auto* found = reinterpret_cast<std::int32_t*>(sums.get());
        // The extremes in plenty: a product of two of them does not fit 16 bits.
        for (std::size_t i = 0; i < panels * channels * 16; ++i) {
          tokens[i] = i % 3 == 0 ? 255 : static_cast<std::uint8_t>(engine());
        }
        for (std::size_t i = 0; i < rows * channels; ++i) {
          stored[i] =
              i % 5 < 2 ? std::int8_t(i % 2 == 0 ? 127 : -128) : static_cast<std::int8_t>(engine());
        }
        on_every_path([&](const std::string& path) {
          int8_multiply({.weights = stored,
                         .weight_step = channels,
                         .rows = rows,
                         .x = tokens,
                         .x_step = channels * 16,
                         .panels = panels,
                         .channels = channels,
                         .sums = found});
          for (std::size_t i = 0; i < panels * rows * 16; ++i) {
            const std::size_t panel = i / 16 / rows;
            const std::int8_t* weight = stored + i / 16 % rows * channels;
            std::int32_t expected = 0;
            for (std::size_t c = 0; c < channels; ++c) {
              expected +=
                  weight[c] * tokens[panel * channels * 16 + c / 4 * 64 + i % 16 * 4 + c % 4];
            }
            ASSERT_EQ(found[i], expected) << path << ", " << rows << " rows, " << panels
                                          << " panels, " << channels << " channels, place " << i;
          }
        });
      }
    }
  }
}

// x: [N, C] → what its quantized panels stand for, [N, C]
std::vector<float> meant(const QuantizedPanels& panels, std::size_t tokens) {
  const auto channels = static_cast<std::size_t>(panels.channels);
  std::vector<float> rows(tokens * channels);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto panel = static_cast<std::int64_t>(i / channels / 16);
    const std::size_t lane = i / channels % 16;
    const std::size_t c = i % channels;
    const auto place = static_cast<std::size_t>(panels.place(
                           panel, std::int64_t(c) / quantization_block(panels.channels))) +
                       lane;
    const std::uint8_t stored = panels.panel(panel)[c / 4 * 64 + lane * 4 + c % 4];
    rows[i] = panels.offsets[place] + panels.steps[place] * static_cast<float>(stored);
  }
  return rows;
}

struct Int8Layer {
  std::vector<float> values;  // what the stored weights stand for
  std::vector<std::int8_t> stored;
  std::vector<float> scales;
  std::vector<float> sums;
  std::vector<float> bias;
  Linear layer;
};

Int8Layer make_layer(std::size_t outputs, std::size_t inputs) {
  Int8Layer made;
  made.values = random_floats(outputs * inputs, 51, 1.0F / std::sqrt(float(inputs)));
  made.stored.resize(made.values.size());
  made.scales.resize(outputs);
  const auto columns = std::int64_t(inputs);
  const std::int64_t block = quantization_block(columns);
  made.sums.resize(outputs * static_cast<std::size_t>(quantization_blocks(columns)));
  quantize_rows(made.values.data(), std::int64_t(outputs), columns, made.stored.data(),
                made.scales.data());
  row_sums(made.stored.data(), std::int64_t(outputs), columns, block, made.sums.data());
  for (std::size_t i = 0; i < made.values.size(); ++i) {
    made.values[i] = made.scales[i / inputs] * float(made.stored[i]);
  }
  made.bias = random_floats(outputs, 52);
  made.layer = {{made.stored.data(), WeightFormat::i8, std::int64_t(outputs), columns,
                 made.scales.data(), made.sums.data()},
                made.bias.data()};
  return made;
}

TEST(QuantizedPanels, AreWithinHalfAStepOfWhatTheyStandFor) {
  for (const std::size_t channels : {4U, 64U, 2052U}) {
    auto x = random_floats(20 * channels, 61);
    std::fill_n(x.begin() + std::ptrdiff_t(channels), channels, 3.5F);  // a row without a range
    on_every_target([&](const char* target) {
      Context context({.num_threads = 2});
      const PanelFloats panels(x, channels, context.threads());
      const auto quantized =
          allocate_quantized_panels(context.scratch(), 2, std::int64_t(channels));
      quantize_panels(panels.data(), 2, quantized, context.threads());
      const auto found = meant(quantized, 20);
      const auto block = static_cast<std::size_t>(quantization_block(std::int64_t(channels)));
      for (std::size_t i = 0; i < x.size(); ++i) {
        const std::size_t first = i - i % channels % block;
        const std::size_t count = std::min(block, channels - first % channels);
        const auto [least, most] = std::minmax_element(x.begin() + std::ptrdiff_t(first),
                                                       x.begin() + std::ptrdiff_t(first + count));
        const double step = (double(*most) - *least) / 255.0;
        ASSERT_NEAR(found[i], x[i], step / 2 * 1.001 + 1e-6) << target << " place " << i;
      }
    });
  }
}

TEST(Int8Linear, MatchesTheDefinitionOfWhatIsQuantized) {
  struct Shape {
    std::size_t tokens, outputs, inputs;
  };
  for (const Shape shape : {Shape{1, 4, 4}, Shape{50, 108, 36}, Shape{130, 300, 192},
                            Shape{20, 64, 2112}, Shape{100, 1100, 64}}) {
    const auto x = random_floats(shape.tokens * shape.inputs, 53);
    const auto residual = random_floats(shape.tokens * shape.outputs, 54);
    const Int8Layer made = make_layer(shape.outputs, shape.inputs);
    on_every_path([&](const std::string& path) {
      Context context({.num_threads = 3});
      const PanelFloats panels(x, shape.inputs, context.threads());
      const PanelFloats added(residual, shape.outputs, context.threads());
      PanelFloats out(residual, shape.outputs, context.threads());
      const auto input =
          allocate_quantized_panels(context.scratch(), panels.panels(), std::int64_t(shape.inputs));
      quantize_panels(panels.data(), panels.panels(), input, context.threads());
      const auto sums =
          product(meant(input, shape.tokens), made.values, shape.tokens, shape.inputs);
      const auto expect = [&](const std::vector<float>& found, double tolerance,
                              const auto& finish) {
        for (std::size_t i = 0; i < found.size(); ++i) {
          const double expected = finish(sums[i] + made.bias[i % shape.outputs], i);
          ASSERT_NEAR(found[i], expected, tolerance) << path << " place " << i;
        }
      };
      ASSERT_TRUE(takes_quantized_input(made.layer));
      int8_linear(input, panels.panels(), made.layer, out.data(), context);
      expect(out.rows(shape.tokens, context.threads()), 2e-5,
             [](double sum, std::size_t) { return sum; });
      int8_linear(input, panels.panels(), made.layer, out.data(), context, Epilogue::bias_residual,
                  added.data());
      expect(out.rows(shape.tokens, context.threads()), 2e-5,
             [&](double sum, std::size_t i) { return sum + residual[i]; });
      const auto quantized = allocate_quantized_panels(context.scratch(), panels.panels(),
                                                       std::int64_t(shape.outputs));
      int8_linear(input, panels.panels(), made.layer, quantized, context, Epilogue::bias_gelu);
      float most = 0.0F;
      for (std::int64_t i = 0; i < panels.panels() * 16 * quantization_blocks(shape.outputs); ++i) {
        most = std::max(most, quantized.steps[i]);
      }
      expect(meant(quantized, shape.tokens), most / 2 * 1.001 + 2.1e-4,
             [](double sum, std::size_t) { return exact_gelu(sum); });
    });
  }
}

// Sequences of one panel or two, or of seven, two groups' worth, whose last has 1 … 4 tokens, which
// are few, 5, which are not, or 16.
TEST(Int8Linear, FewLastTokensComeOutTheSame) {
  struct Shape {
    std::size_t sequence, batch, outputs, inputs;
  };
  for (const Shape shape : {Shape{1, 3, 4, 4}, Shape{2, 1, 67, 36}, Shape{18, 3, 300, 192},
                            Shape{19, 1, 1100, 60}, Shape{100, 2, 64, 2112}, Shape{17, 2, 20, 2048},
                            Shape{21, 2, 64, 64}, Shape{32, 2, 64, 64}}) {
    const std::size_t panels = shape.batch * ((shape.sequence + 15) / 16);
    const auto x = random_floats(panels * 16 * shape.inputs, 57);
    const auto residual = random_floats(panels * 16 * shape.outputs, 58);
    const Int8Layer made = make_layer(shape.outputs, shape.inputs);
    const auto is_token = [&](std::size_t row) {
      return row % (panels / shape.batch * 16) < shape.sequence;
    };
    on_every_path([&](const std::string& path) {
      for (const int threads : {1, 3}) {
        Context context({.num_threads = threads});
        const PanelFloats floats(x, shape.inputs, context.threads());
        const PanelFloats added(residual, shape.outputs, context.threads());
        auto input = allocate_quantized_panels(context.scratch(), std::int64_t(panels),
                                               std::int64_t(shape.inputs));
        quantize_panels(floats.data(), std::int64_t(panels), input, context.threads());
        const auto run = [&](std::size_t sequence_tokens) {
          input.sequence_tokens = std::int64_t(sequence_tokens);
          PanelFloats out(residual, shape.outputs, context.threads());
          int8_linear(input, std::int64_t(panels), made.layer, out.data(), context,
                      Epilogue::bias_residual, added.data());
          auto found = out.rows(panels * 16, context.threads());
          const auto quantized = allocate_quantized_panels(context.scratch(), std::int64_t(panels),
                                                           std::int64_t(shape.outputs));
          int8_linear(input, std::int64_t(panels), made.layer, quantized, context,
                      Epilogue::bias_quick_gelu);
          const auto rows = meant(quantized, panels * 16);
          found.insert(found.end(), rows.begin(), rows.end());
          return found;
        };
        const auto expected = run(0);
        const auto found = run(shape.sequence);
        for (std::size_t i = 0; i < found.size(); ++i) {
          if (!is_token(i / shape.outputs % (panels * 16))) continue;
          ASSERT_EQ(found[i], expected[i]) << path << ", " << threads << " threads, place " << i;
        }
      }
    });
  }
}

TEST(Int8Attention, IsCloseToTheDefinition) {
  for (const AttentionShape shape :
       {AttentionShape{1, 1, 1, 8}, AttentionShape{2, 17, 3, 12}, AttentionShape{1, 577, 2, 64},
        AttentionShape{2, 130, 1, 64}}) {
    const std::size_t inputs = 64;
    const auto hidden = static_cast<std::size_t>(shape.heads * shape.head_size);
    const auto tokens = static_cast<std::size_t>(shape.batch * shape.padded_tokens());
    auto x = random_floats(tokens * inputs, 71);
    const Int8Layer made = make_layer(3 * hidden, inputs);
    on_every_path([&](const std::string& path) {
      Context context({.num_threads = 3});
      const auto attend = [&](const std::vector<float>& rows) {
        const Scratch::Frame frame(context.scratch());
        const PanelFloats panels(rows, inputs, context.threads());
        const auto input = allocate_quantized_panels(context.scratch(), panels.panels(), inputs);
        quantize_panels(panels.data(), panels.panels(), input, context.threads());
        const auto operands = allocate_attention_operands(context.scratch(), shape);
        int8_attention_inputs(input, made.layer, operands, context);
        PanelFloats out(std::vector<float>(tokens * hidden), hidden, context.threads());
        int8_attention(operands, out.data(), context);
        return out.rows(tokens, context.threads());
      };
      const auto found = attend(x);
      const PanelFloats panels(x, inputs, context.threads());
      const auto input = allocate_quantized_panels(context.scratch(), panels.panels(), inputs);
      quantize_panels(panels.data(), panels.panels(), input, context.threads());
      const auto sums = product(meant(input, tokens), made.values, tokens, inputs);
      std::vector<double> qkv(sums.size());
      for (std::size_t i = 0; i < qkv.size(); ++i) qkv[i] = sums[i] + made.bias[i % (3 * hidden)];
      const auto expected = exact_attention(qkv, shape);
      double error = 0.0;
      double power = 0.0;
      const auto is_token = [&](std::size_t i) {
        return i / hidden % static_cast<std::size_t>(shape.padded_tokens()) <
               static_cast<std::size_t>(shape.tokens);
      };
      for (std::size_t i = 0; i < expected.size(); ++i) {
        if (!is_token(i)) continue;
        error += std::pow(found[i] - expected[i], 2);
        power += std::pow(expected[i], 2);
      }
      // Scores of this spread (2) are off by a hundredth with eight bits of queries and keys, and
      // so is each probability; 0.025 is measured.
      EXPECT_LT(std::sqrt(error / power), 0.03) << path << ", " << shape.tokens << " tokens";

      // Nothing past the last token is felt.
      auto other = x;
      for (std::size_t i = 0; i < other.size(); ++i) {
        if (i / inputs % static_cast<std::size_t>(shape.padded_tokens()) >=
            static_cast<std::size_t>(shape.tokens)) {
          other[i] = 1000.0F;
        }
      }
      const auto again = attend(other);
      for (std::size_t i = 0; i < found.size(); ++i) {
        if (!is_token(i)) continue;
        ASSERT_EQ(again[i], found[i]) << path;
      }
    });
  }
}

}  // namespace
}  // namespace blip
