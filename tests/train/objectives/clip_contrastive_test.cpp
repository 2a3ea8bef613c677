// CLIP's loss and gradients: those of transformers' CLIPModel (data/clip*.json, by
// tools/reference/make_clip_training_fixtures.py), however many processes share the batch.
#include "train/objectives/clip_contrastive.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "clip_case.hpp"
#include "tests/train/model/small_models.hpp"
#include "training_case.hpp"

namespace blip::train {
namespace {

class ClipFixture : public testing::TestWithParam<const char*> {};

TEST_P(ClipFixture, LossAndGradientsAreTransformers) {
  std::ifstream file(std::string(BLIP_SOURCE_DIR "/tests/train/objectives/data/") + GetParam() +
                     ".json");
  const nlohmann::json fixture = nlohmann::json::parse(file);
  const ClipStep step = run_clip_case(fixture.at("case"));
  EXPECT_NEAR(step.losses.front().second.item<double>(), fixture.at("loss").get<double>(), 1e-9);
  const nlohmann::json& gradients = fixture.at("gradients");
  EXPECT_EQ(step.gradients.size(), gradients.size());
  for (const auto& [name, gradient] : step.gradients) {
    ASSERT_TRUE(gradients.contains(name)) << name;
    // A sum with weights from the name, and the norm.
    const torch::Tensor weights = uniform("projection." + name, gradient.sizes());
    const nlohmann::json& kept = gradients.at(name);
    EXPECT_NEAR((weights * gradient).sum().item<double>(), kept.at(0).get<double>(),
                1e-9 * kept.at(1).get<double>() + 1e-14)
        << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ClipFixture, testing::Values("clip", "clip_gelu"),
                         [](const auto& name) { return std::string(name.param); });

torch::Tensor unit_features(std::int64_t rows, std::uint64_t seed) {
  const torch::Tensor x = torch::randn({rows, 6}, seeded(seed), torch::kFloat64);
  return (x / x.norm(2, 1, true)).set_requires_grad(true);
}

// The mean of the ranks' gradients, each through the features of all, is the whole batch's.
TEST(ClipContrastive, RanksTogetherAreOneBatch) {
  constexpr std::int64_t kRanks = 3;
  constexpr std::int64_t kRows = 2;
  const torch::Tensor images = unit_features(kRanks * kRows, 1);
  const torch::Tensor texts = unit_features(kRanks * kRows, 2);
  const torch::Tensor scale = torch::full({}, 2.0, torch::kFloat64).set_requires_grad(true);
  const std::vector<torch::Tensor> inputs = {images, texts, scale};
  const torch::Tensor whole = clip_losses({images, texts}, scale, single_process()).total;
  const auto wanted = torch::autograd::grad({whole}, inputs);

  torch::Tensor sum = torch::zeros({}, torch::kFloat64);
  for (std::int64_t rank = 0; rank < kRanks; ++rank) {
    const auto own = [&](const torch::Tensor& all) { return all.narrow(0, rank * kRows, kRows); };
    // What the gather returns is told apart by its values, as both have the same shape.
    const auto gathered = [&](const torch::Tensor& rows) {
      return rows.detach().equal(own(images).detach()) ? images : texts;
    };
    sum = sum +
          clip_losses({own(images), own(texts)}, scale, {rank, kRanks, gathered, gathered}).total;
  }
  const torch::Tensor mean = sum / kRanks;
  EXPECT_NEAR(mean.item<double>(), whole.item<double>(), 1e-12);
  const auto got = torch::autograd::grad({mean}, inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_TRUE(torch::allclose(got[i], wanted[i], 1e-10, 1e-14)) << i;
  }
}

TEST(ClipContrastive, TheScaleStaysBetweenOneAndAHundred) {
  const torch::Tensor scale = torch::full({}, 9.0);
  clamp_logit_scale(scale);
  EXPECT_FLOAT_EQ(scale.exp().item<float>(), 100.0F);
  scale.fill_(-3.0);
  clamp_logit_scale(scale);
  EXPECT_FLOAT_EQ(scale.item<float>(), 0.0F);
}

}  // namespace
}  // namespace blip::train
