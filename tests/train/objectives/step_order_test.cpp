// The order of what changes within a step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "blip/error.hpp"
#include "tests/train/model/small_models.hpp"
#include "train/objectives/contrastive.hpp"
#include "train/objectives/training_losses.hpp"

namespace blip::train {
namespace {

class StepOrder : public testing::Test {
 protected:
  PretrainingModel model = make_pretraining_model(small_config(), small_options());
  PretrainingBatch batch = {small_images(4), small_texts(4)};

  StepOrder() {
    model.parameters.initialise(seeded(1));
    copy_to_momentum(model.momentum_pairs);
  }

  PretrainingLosses step() {
    return pretraining_losses(model, batch, 0.0, sample_with(seeded(2)), single_process());
  }
  [[nodiscard]] ImageTextFeatures momentum_features() const {
    const torch::NoGradGuard no_grad;
    return {model.momentum.project_image(model.momentum.vision.forward(batch.images, false)),
            model.momentum.encode_text(batch.texts, false)};
  }
};

TEST_F(StepOrder, MomentumMovesBeforeItsFeaturesAreTaken) {
  {
    const torch::NoGradGuard no_grad;
    model.online.vision_projection.bias.add_(torch::arange(6));
    model.online.text_projection.bias.add_(-torch::arange(6));
  }
  const ImageTextFeatures before = momentum_features();
  step();
  const ImageTextFeatures after = momentum_features();
  EXPECT_FALSE(torch::allclose(before.image, after.image, 1e-4, 1e-5));
  // What was enqueued is what the momentum encoder gives after it has moved.
  EXPECT_TRUE(torch::allclose(model.queue.image.slice(1, 0, 4), after.image.t(), 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(model.queue.text.slice(1, 0, 4), after.text.t(), 1e-5, 1e-6));
}

TEST_F(StepOrder, TheContrastiveLossSeesTheQueueOfBeforeTheStep) {
  // Momentum is a copy yet, so both encoders have the same features.
  const ImageTextFeatures features = momentum_features();
  const torch::Tensor hard = one_positive_targets(4, 12, torch::kFloat32);
  const auto loss_with = [&](const torch::Tensor& image_queue, const torch::Tensor& text_queue) {
    const torch::NoGradGuard no_grad;
    const Similarities similar =
        similarities(features, features, image_queue, text_queue, model.temperature);
    return contrastive_loss(similar, similar, hard, 0.0).item<double>();
  };
  const double before = loss_with(model.queue.image, model.queue.text);
  const double loss = step().contrastive.item<double>();
  EXPECT_EQ(model.queue.pointer.item<std::int64_t>(), 4);
  const double after = loss_with(model.queue.image, model.queue.text);
  // How far the two queues' losses are apart depends on the libtorch's random numbers.
  EXPECT_NEAR(loss, before, 5e-6);
  EXPECT_GT(std::abs(loss - after), 5 * std::abs(loss - before));
}

TEST_F(StepOrder, TheTemperatureIsClampedBeforeItIsUsed) {
  {
    const torch::NoGradGuard no_grad;
    torch::Tensor(model.temperature).fill_(-3.0);
  }
  step();
  EXPECT_FLOAT_EQ(model.temperature.item<float>(), 0.001F);
  {
    const torch::NoGradGuard no_grad;
    torch::Tensor(model.temperature).fill_(7.0);
  }
  const float loss = step().contrastive.item<float>();
  EXPECT_FLOAT_EQ(model.temperature.item<float>(), 0.5F);
  EXPECT_LT(loss, std::log(16.0F) + 2.0F);
}

TEST_F(StepOrder, AQueueThatTheBatchDoesNotDivideIsRefused) {
  batch = {small_images(5), small_texts(5)};
  EXPECT_THAT([&] { step(); }, testing::ThrowsMessage<Error>(testing::HasSubstr("queue of 12")));
}

TEST(StepStart, LossesBeginWhereUntrainedModelsDo) {
  BlipConfig config = small_config();
  config.text_config.hidden_size = 64;
  PretrainingModel model = make_pretraining_model(config, small_options());
  model.parameters.initialise(seeded(1));
  copy_to_momentum(model.momentum_pairs);
  const PretrainingLosses losses = pretraining_losses(model, {small_images(4), small_texts(4)}, 0.0,
                                                      sample_with(seeded(2)), single_process());
  EXPECT_NEAR(losses.language_model.item<double>(), std::log(30.0), 0.2);
}

TEST(RetrievalNegatives, MayComeFromOtherRanks) {
  RetrievalModel model = make_retrieval_model(small_config(), small_options());
  model.parameters.initialise(seeded(1));
  copy_to_momentum(model.momentum_pairs);
  // Another rank whose rows are this rank's in reverse; the whole own batch is of one image.
  RankGather two = single_process();
  two.world_size = 2;
  two.rows = [](const torch::Tensor& rows) {
    const bool ids = rows.dim() == 1;
    return torch::cat({rows, ids ? rows + 1 : rows.flip(0)});
  };
  two.differentiable_rows = two.rows;
  const RetrievalBatch batch = {small_images(3), small_texts(3),
                                torch::full({3}, 7, torch::kInt64)};
  std::vector<torch::Tensor> drawn;
  const NegativeSampler sampler = [&](const torch::Tensor& weights) {
    EXPECT_EQ(weights.size(1), 6);
    EXPECT_EQ(weights.slice(1, 0, 3).sum().item<float>(), 0.0F);
    drawn.push_back(sample_with(seeded(3))(weights));
    return drawn.back();
  };
  const RetrievalLosses losses =
      retrieval_losses(model, batch, 0.4, NegativesFrom::all_ranks, sampler, two);
  EXPECT_TRUE(std::isfinite(losses.total.item<float>()));
  EXPECT_EQ(drawn.size(), 2U);
  EXPECT_TRUE(drawn[0].ge(3).all().item<bool>());
  EXPECT_EQ(model.queue.pointer.item<std::int64_t>(), 6);
  EXPECT_EQ(model.queue.image_id[0][3].item<std::int64_t>(), 8);
  EXPECT_THAT(
      [&] {
        retrieval_losses(model, batch, 0.4, NegativesFrom::own_rank, sample_with(seeded(3)),
                         single_process());
      },
      testing::ThrowsMessage<Error>(testing::HasSubstr("has no negative")));
}

}  // namespace
}  // namespace blip::train
