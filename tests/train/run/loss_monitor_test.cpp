// Runs that have failed or learn nothing.
#include "train/run/loss_monitor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "blip/error.hpp"

namespace blip::train {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string error_of(LossMonitor& monitor, std::int64_t step, const StepValues& losses) {
  try {
    monitor.add(step, losses);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(LossMonitor, NamesTheStepAndTheLastFiniteLosses) {
  LossMonitor monitor;
  EXPECT_EQ(error_of(monitor, 41, {{"loss", 7.5}, {"matching", 0.5}}), "no error");
  EXPECT_THAT(error_of(monitor, 42, {{"loss", 7.25}, {"matching", std::nan("")}}),
              AllOf(HasSubstr("step 42: matching is not a number"),
                    HasSubstr("of step 41, were loss 7.5, matching 0.5")));
  LossMonitor fresh;
  EXPECT_THAT(error_of(fresh, 0, {{"loss", std::numeric_limits<double>::infinity()}}),
              AllOf(HasSubstr("step 0: loss is infinite"), HasSubstr("no finite loss before")));
}

TEST(LossMonitor, KnowsWhatTheShareOfMatchesLoses) {
  EXPECT_NEAR(kMatchingLossOfPrior, -(std::log(1.0 / 3) + 2 * std::log(2.0 / 3)) / 3, 1e-12);
}

TEST(LossMonitor, HintsOnceAtAMatchingHeadThatLearnsNothing) {
  LossMonitor monitor;
  int hints = 0;
  for (int step = 0; step < 3000; ++step) {
    monitor.add(step, {{"matching", 0.6365 + (step % 2 == 0 ? 0.02 : -0.02)}});
    const auto hint = monitor.hint();
    if (!hint) continue;
    ++hints;
    EXPECT_GE(step, 500);
    EXPECT_THAT(*hint, HasSubstr("0.6365"));
  }
  EXPECT_EQ(hints, 1);
}

TEST(LossMonitor, DoesNotHintAtARunThatLearns) {
  LossMonitor monitor;
  for (int step = 0; step < 3000; ++step) {
    monitor.add(step, {{"matching", 0.6365 - 0.0003 * step}});
    EXPECT_FALSE(monitor.hint());
  }
}

}  // namespace
}  // namespace blip::train
