#include "train/objectives/language_modeling.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/train/model/small_models.hpp"

namespace blip::train {
namespace {

constexpr std::int64_t kVocabulary = 7;

class LanguageModeling : public testing::Test {
 protected:
  torch::Tensor logits = torch::randn({3, 5, kVocabulary}, seeded(1), torch::kFloat64);
  TextBatch texts = {
      torch::tensor({{5, 1, 2, 3, 6}, {5, 4, 6, 0, 0}, {5, 2, 2, 6, 0}}, torch::kInt64),
      torch::tensor({{1, 1, 1, 1, 1}, {1, 1, 1, 0, 0}, {1, 1, 1, 1, 0}}, torch::kInt64)};

  // From the definition, one position at a time.
  [[nodiscard]] double by_definition(const torch::Tensor& targets, bool smooth_all) const {
    double of_targets = 0.0;
    double smooth = 0.0;
    int asked = 0;
    int positions = 0;
    for (std::int64_t row = 0; row < 3; ++row) {
      for (std::int64_t t = 0; t < 4; ++t) {
        const auto target = targets[row][t + 1].item<std::int64_t>();
        double sum = 0.0;
        for (std::int64_t c = 0; c < kVocabulary; ++c)
          sum += std::exp(logits[row][t][c].item<double>());
        ++positions;
        for (std::int64_t c = 0; c < kVocabulary; ++c) {
          const double loss = std::log(sum) - logits[row][t][c].item<double>();
          if (target == c) of_targets += loss;
          if (target != kIgnored || smooth_all) smooth += loss / kVocabulary;
        }
        if (target != kIgnored) ++asked;
      }
    }
    return 0.9 * of_targets / asked + 0.1 * smooth / (smooth_all ? positions : asked);
  }
};

TEST_F(LanguageModeling, TargetsIgnorePaddingAndPrompt) {
  EXPECT_TRUE(language_model_targets(texts).equal(torch::tensor(
      {{5L, 1L, 2L, 3L, 6L}, {5L, 4L, 6L, kIgnored, kIgnored}, {5L, 2L, 2L, 6L, kIgnored}},
      torch::kInt64)));
  const torch::Tensor with_prompt = language_model_targets(texts, 2);
  EXPECT_TRUE(with_prompt.slice(1, 0, 2).eq(kIgnored).all().item<bool>());
  EXPECT_EQ(with_prompt[0][2].item<std::int64_t>(), 2);
  EXPECT_EQ(texts.ids[0][0].item<std::int64_t>(), 5);
}

// Autocast leaves logits in bfloat16; 3.4 there is 3.40625.
TEST_F(LanguageModeling, LossOfRoundedLogitsIsNotRoundedAgain) {
  const torch::Tensor targets = language_model_targets(texts);
  for (const Smoothing smoothing : {Smoothing::of_targets, Smoothing::of_all_positions}) {
    const LanguageModelOptions options = {.smoothing = smoothing};
    const torch::Tensor rounded = logits.to(torch::kBFloat16);
    const torch::Tensor loss = language_model_loss(rounded, targets, options);
    EXPECT_EQ(loss.scalar_type(), torch::kFloat32);
    EXPECT_NEAR(loss.item<double>(),
                language_model_loss(rounded.to(torch::kFloat64), targets, options).item<double>(),
                1e-6);
  }
}

TEST_F(LanguageModeling, SmoothingOfTargetsIsTorchsCrossEntropy) {
  const torch::Tensor targets = language_model_targets(texts, 2);
  const double loss = language_model_loss(logits, targets, {}).item<double>();
  EXPECT_NEAR(loss, by_definition(targets, false), 1e-12);
  const torch::Tensor torchs = torch::nn::functional::cross_entropy(
      logits.slice(1, 0, 4).reshape({12, kVocabulary}), targets.slice(1, 1).reshape({12}),
      torch::nn::functional::CrossEntropyFuncOptions().ignore_index(kIgnored).label_smoothing(0.1));
  EXPECT_NEAR(loss, torchs.item<double>(), 1e-12);
}

TEST_F(LanguageModeling, SmoothingOfAllPositionsIsThatOfPyTorch110) {
  const torch::Tensor targets = language_model_targets(texts, 2);
  const LanguageModelOptions old = {.smoothing = Smoothing::of_all_positions};
  const double loss = language_model_loss(logits, targets, old).item<double>();
  EXPECT_NEAR(loss, by_definition(targets, true), 1e-12);
  EXPECT_GT(std::abs(loss - by_definition(targets, false)), 1e-3);
  // Position by position: padding keeps the smoothing term, and nothing else.
  const torch::Tensor padding = token_losses(logits, targets, old)[1][3];
  EXPECT_NEAR(padding.item<double>(),
              -0.1 * torch::log_softmax(logits[1][3], 0).mean().item<double>(), 1e-12);
  EXPECT_EQ(token_losses(logits, targets, {})[1][3].item<double>(), 0.0);
}

TEST_F(LanguageModeling, WithoutSmoothingBothAreTheSame) {
  const torch::Tensor targets = language_model_targets(texts);
  const double plain =
      language_model_loss(logits, targets, {.label_smoothing = 0.0}).item<double>();
  EXPECT_EQ(plain,
            language_model_loss(logits, targets,
                                {.label_smoothing = 0.0, .smoothing = Smoothing::of_all_positions})
                .item<double>());
}

}  // namespace
}  // namespace blip::train
