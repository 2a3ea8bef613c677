#include "train/model/recompute.hpp"

#include <gtest/gtest.h>
#include <torch/version.h>

#include "small_models.hpp"
#include "train/model/autocast.hpp"

namespace blip::train {
namespace {

struct Outcome {
  torch::Tensor loss;
  std::vector<torch::Tensor> gradients;
  torch::Tensor next_random;
};

Outcome train_vision(int recomputed_blocks, bool rounded = false) {
  BlipConfig config = small_config();
  config.vision_config.num_hidden_layers = 4;
  Parameters parameters;
  const VisionTransformer vision = add_vision_transformer(
      parameters, "vision_model.", config.vision_config,
      {.drop_path = 0.6, .recomputed_blocks = recomputed_blocks}, Role::trained);
  parameters.initialise(seeded(5));
  torch::manual_seed(7);
  Outcome outcome;
  {
    const Autocast autocast(rounded, torch::kCPU);
    outcome.loss = vision.forward(small_images(6), /*training=*/true).square().sum();
  }
  // What is drawn between forward and backward must not be drawn again after it.
  torch::rand({3});
  outcome.loss.backward();
  outcome.next_random = torch::rand({4});
  for (const auto& [name, tensor] : parameters.trained()) {
    outcome.gradients.push_back(tensor.grad().clone());
  }
  return outcome;
}

TEST(Recompute, IsBitForBitWhatKeepingActivationsGives) {
  const Outcome kept = train_vision(0);
  for (const int blocks : {1, 3, 4}) {
    const Outcome recomputed = train_vision(blocks);
    EXPECT_TRUE(recomputed.loss.equal(kept.loss));
    EXPECT_TRUE(recomputed.next_random.equal(kept.next_random));
    for (std::size_t i = 0; i < kept.gradients.size(); ++i) {
      EXPECT_TRUE(recomputed.gradients[i].equal(kept.gradients[i])) << i;
    }
  }
}

// Backward comes when autocast is over, and yet rounds what forward rounded.
TEST(Recompute, IsTheSameUnderAutocast) {
  if (TORCH_VERSION_MAJOR < 2) GTEST_SKIP() << "no autocast on a CPU before libtorch 2";
  const Outcome exact = train_vision(0);
  const Outcome kept = train_vision(0, /*rounded=*/true);
  const Outcome recomputed = train_vision(4, /*rounded=*/true);
  EXPECT_TRUE(recomputed.loss.equal(kept.loss));
  bool differs = false;
  for (std::size_t i = 0; i < kept.gradients.size(); ++i) {
    EXPECT_TRUE(recomputed.gradients[i].equal(kept.gradients[i])) << i;
    differs = differs || !exact.gradients[i].equal(kept.gradients[i]);
  }
  EXPECT_TRUE(differs);
}

TEST(Recompute, RunsTheFunctionASecondTimeOnlyOnTheWayBack) {
  int calls = 0;
  const torch::Tensor weight = torch::full({2}, 3.0).requires_grad_();
  const TensorFunction function = [&](const torch::Tensor& x) {
    ++calls;
    return torch::dropout(x * weight, 0.5, /*train=*/true);
  };
  const torch::Tensor x = torch::ones({2});  // which needs no gradient: the weight does
  const torch::Tensor y = recompute(function, x, {weight});
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(y.requires_grad());
  y.sum().backward();
  EXPECT_EQ(calls, 2);
  EXPECT_TRUE(weight.grad().equal(y.detach() / 3.0));  // the same elements were dropped
  {
    const torch::NoGradGuard no_grad;
    recompute(function, x, {weight});
  }
  EXPECT_EQ(calls, 3);
}

TEST(DropPath, SkipsSamplesInTrainingAlone) {
  Parameters parameters;
  const BlipVisionConfig config = small_config().vision_config;
  const VisionTransformer vision = add_vision_transformer(parameters, "vision_model.", config,
                                                          {.drop_path = 0.9}, Role::trained);
  EXPECT_EQ(vision.blocks.front().drop_path, 0.0);
  EXPECT_EQ(vision.blocks.back().drop_path, 0.9);
  parameters.initialise(seeded(5));
  const torch::NoGradGuard no_grad;
  const torch::Tensor images = small_images(1).expand({64, -1, -1, -1});
  const torch::Tensor evaluated = vision.forward(images, /*training=*/false);
  EXPECT_TRUE(torch::allclose(evaluated[0], evaluated[63], 1e-5, 1e-6));
  const torch::Tensor trained = vision.forward(images, /*training=*/true);
  EXPECT_FALSE(torch::allclose(trained[0], trained.mean(0), 1e-3, 1e-3));
}

}  // namespace
}  // namespace blip::train
