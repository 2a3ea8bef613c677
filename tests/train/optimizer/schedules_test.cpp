#include "train/optimizer/schedules.hpp"

#include <gtest/gtest.h>

namespace blip::train {
namespace {

TEST(Schedules, WarmUpIsWithinTheFirstEpochAlone) {
  const WarmupDecaySchedule schedule;
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 0, 0), 1e-6);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 0, 1500), 1e-6 + (3e-4 - 1e-6) / 2);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 0, 3000), 3e-4);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 0, 9000), 3e-4);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 1, 0), 3e-4 * 0.9);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 1, 5000), 3e-4 * 0.9);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 3, 0), 3e-4 * 0.9 * 0.9 * 0.9);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 100, 0), 1e-6);
}

TEST(Schedules, CosineFallsByTheEpochAndNeverArrives) {
  const CosineSchedule schedule = {.initial = 1e-5, .minimum = 0.0, .epochs = 6};
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 0), 1e-5);
  EXPECT_NEAR(learning_rate(schedule, 3), 5e-6, 1e-18);
  EXPECT_NEAR(learning_rate(schedule, 5), 1e-5 * 0.0669872981077807, 1e-18);
  const CosineSchedule raised = {.initial = 3e-5, .minimum = 1e-5, .epochs = 2};
  EXPECT_NEAR(learning_rate(raised, 1), 2e-5, 1e-18);
}

TEST(Schedules, WarmsUpThenFallsByTheStep) {
  const WarmupCosineSchedule schedule = {
      .initial = 1e-3, .minimum = 1e-5, .warmup_start = 0.0, .warmup_steps = 100, .steps = 1100};
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 0), 0.0);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 50), 5e-4);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 100), 1e-3);
  EXPECT_NEAR(learning_rate(schedule, 600), (1e-3 + 1e-5) / 2, 1e-16);
  EXPECT_NEAR(learning_rate(schedule, 1100), 1e-5, 1e-16);
  // A trial that ends within the warm-up.
  const WarmupCosineSchedule brief = {.initial = 1e-3, .warmup_steps = 100, .steps = 10};
  EXPECT_LT(learning_rate(brief, 9), 1e-4);
}

TEST(Schedules, MomentumShareRisesOverTheFirstEpochs) {
  EXPECT_DOUBLE_EQ(momentum_share(0.4, 2, 0, 0, 100), 0.0);
  EXPECT_DOUBLE_EQ(momentum_share(0.4, 2, 0, 50, 100), 0.1);
  EXPECT_DOUBLE_EQ(momentum_share(0.4, 2, 1, 50, 100), 0.3);
  EXPECT_DOUBLE_EQ(momentum_share(0.4, 2, 2, 0, 100), 0.4);
  EXPECT_DOUBLE_EQ(momentum_share(0.4, 2, 9, 7, 100), 0.4);
  EXPECT_DOUBLE_EQ(momentum_share(0.4, 1, 0, 50, 100), 0.2);
  EXPECT_DOUBLE_EQ(momentum_share(0.4, 1, 1, 0, 100), 0.4);
  EXPECT_DOUBLE_EQ(momentum_share(0.4, 0, 0, 0, 100), 0.4);  // no ramp
}

}  // namespace
}  // namespace blip::train
