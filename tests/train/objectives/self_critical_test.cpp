#include "train/objectives/self_critical.hpp"

#include <gtest/gtest.h>

namespace blip::train {
namespace {

TEST(SelfCritical, ComparesWithTheGreedyCaptionOrTheOthers) {
  const torch::Tensor rewards = torch::tensor({{1.0, 2.0, 6.0}, {0.0, 0.0, 0.0}});
  EXPECT_TRUE(advantage_over_greedy(rewards, torch::tensor({2.0, 1.0}))
                  .equal(torch::tensor({{-1.0, 0.0, 4.0}, {-1.0, -1.0, -1.0}})));
  EXPECT_TRUE(
      advantage_over_others(rewards).allclose(torch::tensor({{-3.0, -1.5, 4.5}, {0.0, 0.0, 0.0}})));
}

// By the definition: a token's gradient is its advantage times (probability - one-hot).
TEST(SelfCritical, GradientIsOfTheExpectedReward) {
  torch::Tensor logits =
      torch::randn({2, 4, 5}, torch::dtype(torch::kFloat64)).set_requires_grad(true);
  // [DEC], a word of the prompt, then a word and the end; the second caption ends at once.
  const TextBatch captions = {torch::tensor({{9L, 1L, 2L, 3L}, {9L, 1L, 3L, 0L}}, torch::kInt64),
                              torch::tensor({{1L, 1L, 1L, 1L}, {1L, 1L, 1L, 0L}}, torch::kInt64)};
  const torch::Tensor advantages = torch::tensor({0.5, -2.0}, torch::kFloat64);
  const torch::Tensor loss = self_critical_loss(logits, captions, 2, advantages);
  loss.backward();

  const torch::Tensor log_probabilities = torch::log_softmax(logits.detach(), -1);
  const auto log_p = [&](int row, int place, int token) {
    return log_probabilities[row][place][token].item<double>();
  };
  const double wanted = -(0.5 * (log_p(0, 1, 2) + log_p(0, 2, 3)) - 2.0 * log_p(1, 1, 3)) / 3;
  EXPECT_NEAR(loss.item<double>(), wanted, 1e-12);
  torch::Tensor gradient = torch::zeros_like(logits.detach());
  const auto add = [&](int row, int place, int token, double advantage) {
    gradient[row][place] = advantage / 3 * log_probabilities[row][place].exp();
    gradient[row][place][token] -= advantage / 3;
  };
  add(0, 1, 2, 0.5);
  add(0, 2, 3, 0.5);
  add(1, 1, 3, -2.0);
  EXPECT_TRUE(torch::allclose(logits.grad(), gradient, 1e-10, 1e-12));
}

}  // namespace
}  // namespace blip::train
