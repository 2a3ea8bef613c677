#include "train/optimizer/weight_average.hpp"

#include <gtest/gtest.h>

namespace blip::train {
namespace {

TEST(WeightAverage, FollowsTheWeights) {
  const torch::Tensor weight = torch::tensor({1.0, -2.0}).set_requires_grad(true);
  WeightAverage average({{"w", weight}}, 0.3);
  const auto set = [&](double value) {
    const torch::NoGradGuard no_grad;
    torch::Tensor(weight).fill_(value);
    average.update();
  };
  set(3.0);                              // 2/11 of what was
  set(7.0);                              // 3/12
  for (int i = 0; i < 3; ++i) set(7.0);  // 4/13, beyond the limit of 0.3, and the same again
  const auto expected = [](double start) {
    double value = start * 2 / 11 + 3.0 * 9 / 11;
    value = value * 3 / 12 + 7.0 * 9 / 12;
    for (int i = 0; i < 3; ++i) value = value * 0.3 + 7.0 * 0.7;
    return value;
  };
  {
    const WeightAverage::Shown shown(average);
    EXPECT_NEAR(weight[0].item<double>(), expected(1.0), 1e-5);
    EXPECT_NEAR(weight[1].item<double>(), expected(-2.0), 1e-5);
  }
  EXPECT_TRUE(weight.equal(torch::tensor({7.0, 7.0})));
}

TEST(WeightAverage, IsKeptByCheckpoints) {
  const torch::Tensor weight = torch::tensor({1.0});
  WeightAverage average({{"w", weight}}, 0.9);
  weight.fill_(2.0);
  average.update();
  const NamedTensors state = average.named_state();
  for (const auto& [name, tensor] : state) EXPECT_TRUE(is_of_average(name)) << name;
  EXPECT_FALSE(is_of_average("w.exp_avg"));
  WeightAverage other({{"w", weight}}, 0.9);
  other.load_state(state);
  weight.fill_(5.0);
  average.update();
  other.update();
  EXPECT_TRUE(average.named_state()[0].second.equal(other.named_state()[0].second));
  average.restart();
  EXPECT_TRUE(average.named_state()[0].second.equal(weight));
}

}  // namespace
}  // namespace blip::train
