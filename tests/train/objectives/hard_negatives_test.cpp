#include "train/objectives/hard_negatives.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "blip/error.hpp"
#include "tests/train/model/small_models.hpp"

namespace blip::train {
namespace {

using testing::HasSubstr;

torch::Tensor ids(std::vector<std::int64_t> values) {
  return torch::tensor(values, torch::kInt64);
}

std::string problem(const std::function<torch::Tensor()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    return error.what();
  }
  return {};
}

TEST(HardNegatives, PretrainingWeightsAreSoftmaxAndAFloorButNeverOneself) {
  const torch::Tensor similar =
      torch::tensor({{50.0F, 1.0F, -200.0F}, {0.0F, 0.0F, 0.0F}, {1.0F, 2.0F, 3.0F}});
  const torch::Tensor weights = pretraining_weights(similar);
  EXPECT_EQ(weights.diagonal().abs().sum().item<float>(), 0.0F);
  EXPECT_NEAR(weights[0][2].item<double>(), 1e-4, 1e-9);  // however unlike, still possible
  EXPECT_NEAR(weights[1][0].item<double>(), 1.0 / 3 + 1e-4, 1e-6);
  EXPECT_NEAR(weights[2][1].item<double>(),
              std::exp(2.0) / (std::exp(1.0) + std::exp(2.0) + std::exp(3.0)) + 1e-4, 1e-6);
}

TEST(HardNegatives, RetrievalWeightsLeaveOutTheSameImage) {
  const torch::Tensor similar = torch::tensor({{1.0F, 2.0F, 3.0F, 4.0F}, {0.0F, 0.0F, 0.0F, 0.0F}});
  const torch::Tensor weights = retrieval_weights(similar, ids({5, 6}), ids({5, 6, 5, 7}));
  EXPECT_EQ(weights[0][0].item<float>(), 0.0F);
  EXPECT_EQ(weights[0][2].item<float>(), 0.0F);
  EXPECT_NEAR((weights[0][3] / weights[0][1]).item<double>(), std::exp(2.0), 1e-4);
  EXPECT_TRUE(torch::allclose(weights[1], torch::tensor({0.25F, 0.0F, 0.25F, 0.25F})));
}

TEST(HardNegatives, WeightsThatVanishBecomeEqual) {
  // The pair itself is so alike that nothing else is left in float32.
  const torch::Tensor similar = torch::tensor({{1000.0F, 0.0F, -5.0F}});
  const torch::Tensor weights = retrieval_weights(similar, ids({1}), ids({1, 2, 3}));
  EXPECT_TRUE(weights.equal(torch::tensor({{0.0F, 1.0F, 1.0F}})));
}

TEST(HardNegatives, RowsWithoutACandidateAreRefused) {
  EXPECT_THAT(problem([] {
                return pretraining_weights(torch::ones({1, 1}));
              }),
              HasSubstr("at least two pairs"));
  EXPECT_THAT(problem([] {
                return retrieval_weights(torch::ones({2, 2}), ids({4, 4}), ids({4, 4}));
              }),
              HasSubstr("row 0 has no negative: the whole batch is of one image, number 4"));
  const torch::Tensor broken = torch::full({2, 2}, std::numeric_limits<float>::quiet_NaN());
  EXPECT_THAT(problem([&] { return pretraining_weights(broken); }), HasSubstr("not finite"));
  EXPECT_THAT(problem([&] {
                return retrieval_weights(broken, ids({1, 2}), ids({1, 2}));
              }),
              HasSubstr("not finite"));
}

TEST(HardNegatives, AreDrawnAsOftenAsTheirWeightsSay) {
  const NegativeSampler sampler = sample_with(seeded(4));
  const torch::Tensor weights = torch::tensor({0.0F, 3.0F, 1.0F, 0.0F, 4.0F}).expand({8000, -1});
  const torch::Tensor drawn = sampler(weights);
  const std::vector<double> shares = {0.0, 0.375, 0.125, 0.0, 0.5};
  for (std::int64_t column = 0; column < 5; ++column) {
    const double share = drawn.eq(column).to(torch::kFloat64).mean().item<double>();
    const double wanted = shares[static_cast<std::size_t>(column)];
    EXPECT_NEAR(share, wanted, wanted == 0.0 ? 0.0 : 0.025) << column;
  }
  EXPECT_TRUE(sample_with(seeded(4))(weights).equal(drawn));
  EXPECT_FALSE(sample_with(seeded(5))(weights).equal(drawn));
}

TEST(HardNegatives, AreDrawnByAPowerOfTheirWeights) {
  const torch::Tensor weights = torch::tensor({0.0F, 9.0F, 1.0F, 0.0F}).expand({8000, -1});
  const auto share_of_second = [&](double hardness) {
    const torch::Tensor drawn = sample_with(seeded(4), hardness)(weights);
    EXPECT_TRUE(drawn.eq(1).logical_or(drawn.eq(2)).all().item<bool>()) << hardness;
    return drawn.eq(1).to(torch::kFloat64).mean().item<double>();
  };
  EXPECT_NEAR(share_of_second(0.0), 0.5, 0.025);
  EXPECT_NEAR(share_of_second(0.5), 0.75, 0.025);
  EXPECT_NEAR(share_of_second(1.0), 0.9, 0.025);
}

}  // namespace
}  // namespace blip::train
