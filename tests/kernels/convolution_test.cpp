// Convolution against plain loops in double precision: every kind that the models have, odd sizes,
// paddings that differ from side to side.
#include "kernels/float/convolution.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ostream>
#include <vector>

#include "reference.hpp"

namespace blip {
namespace {

struct Case {
  const char* name;
  ConvolutionShape shape;
  std::int64_t batch;
  ConvolutionInput input;
};

std::ostream& operator<<(std::ostream& out, const Case& test) {
  return out << test.name;
}

std::int64_t output_rows(const Case& test) {
  return test.shape.output_size(test.input.height, test.input.padding.top,
                                test.input.padding.bottom);
}
std::int64_t output_columns(const Case& test) {
  return test.shape.output_size(test.input.width, test.input.padding.left,
                                test.input.padding.right);
}

// In a sum.
std::int64_t products_of(const Case& test) {
  const std::int64_t inputs = test.shape.inputs / test.shape.groups;
  return inputs * test.shape.kernel * test.shape.kernel;
}

struct Data {
  explicit Data(const Case& test)
      : x(random_floats(static_cast<std::size_t>(test.batch * test.input.height * test.input.width *
                                                 test.shape.inputs),
                        1)),
        weight(random_floats(
            static_cast<std::size_t>(test.shape.outputs * test.shape.inputs / test.shape.groups *
                                     test.shape.kernel * test.shape.kernel),
            2,
            // Results of the order of one, whatever the number of products in their sums.
            1.0F / std::sqrt(static_cast<float>(products_of(test))))),
        bias(random_floats(static_cast<std::size_t>(test.shape.outputs), 3)),
        residual(random_floats(static_cast<std::size_t>(test.batch * output_rows(test) *
                                                        output_columns(test) * test.shape.outputs),
                               4)) {}

  std::vector<float> x;         // [B, H, W, I]
  std::vector<float> weight;    // [O, I / groups, K, K]
  std::vector<float> bias;      // [O]
  std::vector<float> residual;  // [B, OH, OW, O]
};

double product_at(const Case& test, const Data& data, std::int64_t image, std::int64_t row,
                  std::int64_t column, std::int64_t output) {
  const ConvolutionShape& shape = test.shape;
  const std::int64_t inputs = shape.inputs / shape.groups;
  const std::int64_t first_input = output / (shape.outputs / shape.groups) * inputs;
  double sum = 0.0;
  for (std::int64_t i = 0; i < inputs; ++i) {
    for (std::int64_t ky = 0; ky < shape.kernel; ++ky) {
      for (std::int64_t kx = 0; kx < shape.kernel; ++kx) {
        const std::int64_t y = row * shape.stride + ky - test.input.padding.top;
        const std::int64_t x = column * shape.stride + kx - test.input.padding.left;
        if (y < 0 || x < 0 || y >= test.input.height || x >= test.input.width) continue;
        const std::int64_t pixel = (image * test.input.height + y) * test.input.width + x;
        const std::int64_t tap = ((output * inputs + i) * shape.kernel + ky) * shape.kernel + kx;
        sum += static_cast<double>(
                   data.x[static_cast<std::size_t>(pixel * shape.inputs + first_input + i)]) *
               static_cast<double>(data.weight[static_cast<std::size_t>(tap)]);
      }
    }
  }
  return sum;
}

std::vector<double> expected(const Case& test, const Data& data) {
  std::vector<double> out;
  for (std::int64_t image = 0; image < test.batch; ++image) {
    for (std::int64_t row = 0; row < output_rows(test); ++row) {
      for (std::int64_t column = 0; column < output_columns(test); ++column) {
        for (std::int64_t output = 0; output < test.shape.outputs; ++output) {
          double value = product_at(test, data, image, row, column, output) +
                         static_cast<double>(data.bias[static_cast<std::size_t>(output)]);
          if (test.shape.epilogue == ConvolutionEpilogue::bias_relu6) {
            value = std::clamp(value, 0.0, 6.0);
          }
          if (test.shape.epilogue == ConvolutionEpilogue::bias_residual) {
            value += static_cast<double>(data.residual[out.size()]);
          }
          out.push_back(value);
        }
      }
    }
  }
  return out;
}

std::vector<float> computed(const Convolution& convolution, const Case& test, const Data& data,
                            int threads) {
  Context context({.num_threads = threads});
  std::vector<float> out = data.residual;
  convolution.apply(data.x.data(), test.batch, test.input, out.data(), context);
  return out;
}

Convolution made(const Case& test, const Data& data, const ConvolutionInput& expected_input) {
  return {test.shape, data.weight.data(), data.bias.data(), expected_input};
}

constexpr auto kRelu6 = ConvolutionEpilogue::bias_relu6;
constexpr auto kResidual = ConvolutionEpilogue::bias_residual;

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {"pointwise", {24, 144, 1, 1, 1, kRelu6}, 2, {13, 11}},
      {"pointwise_residual", {88, 40, 1, 1, 1, kResidual}, 3, {7, 9}},
      {"pointwise_of_few_channels", {5, 3, 1, 1, 1, {}}, 1, {4, 6}},
      {"pointwise_in_strips", {96, 100, 1, 1, 1, kRelu6}, 1, {40, 31}},
      {"pointwise_stride", {16, 24, 1, 2, 1, {}}, 1, {9, 10}},
      {"stem", {3, 32, 3, 2, 1, kRelu6}, 2, {33, 31, {0, 1, 1, 0}}},
      {"depthwise_3", {96, 96, 3, 1, 96, kRelu6}, 2, {17, 15, {1, 1, 1, 1}}},
      {"depthwise_3_stride", {40, 40, 3, 2, 40, kRelu6}, 1, {20, 18, {0, 1, 0, 1}}},
      {"depthwise_5", {20, 20, 5, 1, 20, kRelu6}, 1, {5, 3, {2, 2, 2, 2}}},
      {"depthwise_5_stride", {24, 24, 5, 2, 24, {}}, 1, {19, 22, {2, 2, 1, 2}}},
      {"depthwise_in_strips", {160, 160, 5, 1, 160, kRelu6}, 1, {31, 33, {2, 2, 2, 2}}},
      {"full_3", {48, 64, 3, 1, 1, {}}, 1, {12, 14, {1, 1, 1, 1}}},
      {"full_3_asymmetric", {32, 16, 3, 2, 1, {}}, 2, {15, 16, {0, 1, 0, 1}}},
      {"full_3_in_strips", {24, 48, 3, 1, 1, kResidual}, 1, {40, 20, {1, 1, 1, 1}}},
      {"one_column", {16, 16, 3, 2, 1, kRelu6}, 1, {70, 1, {0, 1, 1, 1}}},
      {"grouped", {16, 24, 3, 1, 4, kRelu6}, 1, {8, 7, {1, 1, 1, 1}}},
      {"one_pixel", {32, 32, 3, 1, 32, kRelu6}, 1, {1, 1, {1, 1, 1, 1}}},
  };
  return kCases;
}

class ConvolutionCases : public testing::TestWithParam<Case> {};

TEST_P(ConvolutionCases, EqualPlainLoops) {
  const Case& test = GetParam();
  const Data data(test);
  const std::vector<double> want = expected(test, data);
  const std::vector<float> got = computed(made(test, data, test.input), test, data, 2);
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], 2e-5) << i;
}

TEST_P(ConvolutionCases, DoNotDependOnTheNumberOfThreads) {
  const Case& test = GetParam();
  const Data data(test);
  const Convolution convolution = made(test, data, test.input);
  const std::vector<float> one = computed(convolution, test, data, 1);
  EXPECT_EQ(computed(convolution, test, data, 2), one);
  EXPECT_EQ(computed(convolution, test, data, 5), one);
}

TEST_P(ConvolutionCases, TakeSizesTheyWereNotLaidOutFor) {
  const Case& test = GetParam();
  const Data data(test);
  ConvolutionInput other = test.input;
  other.height = 50;
  other.width = 3;
  const std::vector<double> want = expected(test, data);
  const std::vector<float> got = computed(made(test, data, other), test, data, 2);
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], 2e-5) << i;
}

INSTANTIATE_TEST_SUITE_P(All, ConvolutionCases, testing::ValuesIn(cases()),
                         [](const auto& named) { return named.param.name; });

TEST(Convolution, DoesNotFeelTheImagesBesideIt) {
  const Case three = {"three", {24, 40, 3, 1, 1, kRelu6}, 3, {9, 10, {1, 1, 1, 1}}};
  Case one = three;
  one.batch = 1;
  const Data data(three);
  const Convolution convolution = made(three, data, three.input);
  const std::vector<float> together = computed(convolution, three, data, 2);
  const std::vector<float> alone = computed(convolution, one, data, 2);
  EXPECT_TRUE(std::equal(together.begin(), together.begin() + 9 * 10 * 40, alone.begin()));
}

TEST(Convolution, ForgetsTheOldestSizesAndMakesThemAnew) {
  Case test = {"sizes", {8, 8, 3, 1, 8, kRelu6}, 1, {6, 4, {1, 1, 1, 1}}};
  const Data first(test);
  const Convolution convolution = made(test, first, test.input);
  const std::vector<float> before = computed(convolution, test, first, 1);
  for (std::int64_t height = 1; height <= 20; ++height) {
    Case other = test;
    other.input.height = height;
    computed(convolution, other, Data(other), 1);
  }
  EXPECT_EQ(computed(convolution, test, first, 1), before);
}

TEST(SamePadding, IsTensorFlows) {
  const ConvolutionShape stem{.kernel = 3, .stride = 2};
  EXPECT_EQ(with_same_padding(260, 261, stem), (ConvolutionInput{260, 261, {0, 1, 1, 1}}));
  const ConvolutionShape five{.kernel = 5, .stride = 2};
  EXPECT_EQ(with_same_padding(65, 66, five), (ConvolutionInput{65, 66, {2, 2, 1, 2}}));
  const ConvolutionShape one{.kernel = 1, .stride = 2};
  EXPECT_EQ(with_same_padding(8, 9, one), (ConvolutionInput{8, 9, {}}));
}

TEST(ConvolutionPool, GivesEqualConvolutionsTheSameWeights) {
  const Case test = {
      "pooled", {.inputs = 8, .outputs = 16, .kernel = 3}, 1, {12, 12, {1, 1, 1, 1}}};
  const Data data(test);
  Data other(test);
  other.weight[5] += 1.0F;
  const std::vector<float> alone = computed(made(test, data, test.input), test, data, 1);
  const std::vector<float> alone_other = computed(made(test, other, test.input), test, data, 1);
  ASSERT_NE(alone, alone_other);

  ConvolutionPool pool;
  Convolution first = pool.shared(made(test, data, test.input));
  const Convolution same = pool.shared(made(test, data, test.input));
  const Convolution different = pool.shared(made(test, other, test.input));
  // The shape is a part of what is shared, so its address tells.
  EXPECT_EQ(&first.shape(), &same.shape());
  EXPECT_NE(&first.shape(), &different.shape());
  EXPECT_EQ(computed(same, test, data, 2), alone);
  EXPECT_EQ(computed(different, test, data, 1), alone_other);

  // The pool keeps nothing alive: the last user does.
  const ConvolutionShape* const place = &same.shape();
  first = Convolution();
  EXPECT_EQ(&pool.shared(made(test, data, test.input)).shape(), place);
  EXPECT_EQ(computed(same, test, data, 1), alone);
}

TEST(ConvolutionPool, TellsEpiloguesAndBiasesApart) {
  Case test = {"pooled", {.inputs = 8, .outputs = 16}, 1, {4, 4}};
  Data data(test);
  ConvolutionPool pool;
  const Convolution plain = pool.shared(made(test, data, test.input));
  test.shape.epilogue = ConvolutionEpilogue::bias_relu6;
  const Convolution bounded = pool.shared(made(test, data, test.input));
  EXPECT_NE(&plain.shape(), &bounded.shape());
  test.shape.epilogue = ConvolutionEpilogue::bias;
  data.bias[3] += 1.0F;
  EXPECT_NE(&plain.shape(), &pool.shared(made(test, data, test.input)).shape());
}

}  // namespace
}  // namespace blip
