#include "train/objectives/contrastive.hpp"

#include <gtest/gtest.h>

#include "tests/train/model/small_models.hpp"

namespace blip::train {
namespace {

torch::Tensor unit_rows(std::int64_t rows, std::uint64_t seed) {
  const torch::Tensor x = torch::randn({rows, 5}, seeded(seed), torch::kFloat32);
  return x / x.norm(2, 1, true);
}

TEST(Contrastive, LossOfRoundedSimilaritiesIsNotRoundedAgain) {
  const auto rounded = [](std::uint64_t seed) {
    return Similarities{unit_rows(4, seed).to(torch::kBFloat16),
                        unit_rows(4, seed + 1).to(torch::kBFloat16)};
  };
  const auto widened = [](const Similarities& similar) {
    return Similarities{similar.image_to_text.to(torch::kFloat64),
                        similar.text_to_image.to(torch::kFloat64)};
  };
  const Similarities online = rounded(1);
  const Similarities momentum = rounded(3);
  const torch::Tensor hard = one_positive_targets(4, 1, torch::kFloat64);
  const torch::Tensor loss = contrastive_loss(online, momentum, hard.to(torch::kFloat32), 0.4);
  EXPECT_EQ(loss.scalar_type(), torch::kFloat32);
  EXPECT_NEAR(loss.item<double>(),
              contrastive_loss(widened(online), widened(momentum), hard, 0.4).item<double>(), 1e-6);
}

TEST(Contrastive, EveryRowOfTargetsSumsToOne) {
  const ImageTextFeatures momentum = {unit_rows(4, 1), unit_rows(4, 2)};
  const Similarities similar = similarities(momentum, momentum, unit_rows(6, 3).t(),
                                            unit_rows(6, 4).t(), torch::full({}, 0.07));
  const torch::Tensor one = one_positive_targets(4, 6, torch::kFloat32);
  const torch::Tensor same = same_image_targets(
      torch::tensor({3L, 4L, 3L, 9L}, torch::kInt64),
      torch::tensor({-100L, -100L, 9L, 3L, 9L, 8L}, torch::kInt64).unsqueeze(0), torch::kFloat32);
  for (const torch::Tensor& hard : {one, same}) {
    EXPECT_TRUE(torch::allclose(hard.sum(1), torch::ones({4})));
    // Step 0 has alpha 0: hard targets alone. Later ones are a mixture.
    EXPECT_TRUE(soft_targets(similar.image_to_text, hard, 0.0).equal(hard));
    for (const double alpha : {0.2, 0.4, 1.0}) {
      const torch::Tensor soft = soft_targets(similar.image_to_text, hard, alpha);
      EXPECT_TRUE(torch::allclose(soft.sum(1), torch::ones({4})));
      EXPECT_FALSE(torch::allclose(soft, hard));
    }
  }
  // Rows 0 and 2 are captions of image 3, which the queue has once; row 3 finds its image twice.
  const float third = 1.0F / 3.0F;
  EXPECT_TRUE(torch::allclose(
      same[0], torch::tensor({third, 0.0F, third, 0.0F, 0.0F, 0.0F, 0.0F, third, 0.0F, 0.0F})));
  EXPECT_TRUE(torch::allclose(
      same[3], torch::tensor({0.0F, 0.0F, 0.0F, third, 0.0F, 0.0F, third, 0.0F, third, 0.0F})));
}

TEST(Contrastive, OwnBatchComesBeforeTheQueue) {
  const ImageTextFeatures features = {unit_rows(3, 1), unit_rows(3, 2)};
  const ImageTextFeatures momentum = {unit_rows(3, 3), unit_rows(3, 4)};
  const torch::Tensor image_queue = unit_rows(5, 5).t();
  const torch::Tensor text_queue = unit_rows(5, 6).t();
  const Similarities similar =
      similarities(features, momentum, image_queue, text_queue, torch::full({}, 0.5));
  EXPECT_TRUE(torch::allclose(similar.image_to_text.slice(1, 0, 3),
                              torch::matmul(features.image, momentum.text.t()) * 2));
  EXPECT_TRUE(torch::allclose(similar.text_to_image.slice(1, 3),
                              torch::matmul(features.text, image_queue) * 2));
}

TEST(Contrastive, HardTargetsGiveTorchsCrossEntropy) {
  const torch::Tensor logits = torch::randn({4, 10}, seeded(1), torch::kFloat32);
  const torch::Tensor wanted = torch::nn::functional::cross_entropy(logits, torch::arange(4));
  EXPECT_NEAR(soft_cross_entropy(logits, one_positive_targets(4, 6, torch::kFloat32)).item<float>(),
              wanted.item<float>(), 1e-6);
}

}  // namespace
}  // namespace blip::train
