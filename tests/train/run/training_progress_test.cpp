// The line that says how a run is doing.
#include "train/run/training_progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blip::train {
namespace {

TEST(TrainingLine, SaysHowFarAndHowWell) {
  const ProgressState state = {
      .step = 1200, .steps = 4800, .first_step = 1000, .epoch = 0, .epochs = 20};
  // 200 steps in 100 seconds: what came before this process does not count.
  EXPECT_EQ(training_line(state, {{"loss", 7.3214}, {"matching", 0.5}}, 100, 200),
            "[######..................] 1200/4800  epoch 1/20  2.00 steps/s, 30 min 00 s left  "
            "loss 7.321, matching 0.5");
  EXPECT_EQ(training_line({.steps = 10}, {}, 0, 200), "[........................] 0/10  epoch 1/1");
}

TEST(TrainingLine, FitsTheTerminal) {
  EXPECT_EQ(training_line({.step = 5, .steps = 10}, {{"loss", 1}}, 1, 30).size(), 29U);
}

}  // namespace
}  // namespace blip::train
