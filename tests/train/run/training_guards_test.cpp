// Runs that cannot come to anything.
#include "train/run/training_guards.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "blip/error.hpp"

namespace blip::train {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string error_of(TrainingGuards& guards, std::int64_t step, const StepValues& losses) {
  try {
    guards.check(step, losses);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(TrainingGuards, NameTheStepAndTheLastFiniteLosses) {
  TrainingGuards guards;
  EXPECT_EQ(error_of(guards, 41, {{"loss", 7.5}, {"matching", 0.5}}), "no error");
  EXPECT_THAT(error_of(guards, 42, {{"loss", 7.25}, {"matching", std::nan("")}}),
              AllOf(HasSubstr("step 42: matching is not a number"),
                    HasSubstr("of step 41, were loss 7.5, matching 0.5")));
  TrainingGuards fresh;
  EXPECT_THAT(error_of(fresh, 0, {{"loss", std::numeric_limits<double>::infinity()}}),
              AllOf(HasSubstr("step 0: loss is infinite"), HasSubstr("no finite loss before")));
}

TEST(TrainingGuards, KnowWhatTheShareOfMatchesLoses) {
  EXPECT_NEAR(kMatchingLossOfPrior, -(std::log(1.0 / 3) + 2 * std::log(2.0 / 3)) / 3, 1e-12);
}

TEST(TrainingGuards, HintOnceAtAMatchingHeadThatLearnsNothing) {
  TrainingGuards guards;
  int hints = 0;
  for (int step = 0; step < 3000; ++step) {
    guards.check(step, {{"matching", 0.6365 + (step % 2 == 0 ? 0.02 : -0.02)}});
    const auto hint = guards.hint();
    if (!hint) continue;
    ++hints;
    EXPECT_GE(step, 500);
    EXPECT_THAT(*hint, HasSubstr("0.6365"));
  }
  EXPECT_EQ(hints, 1);
}

TEST(TrainingGuards, DoNotHintAtARunThatLearns) {
  TrainingGuards guards;
  for (int step = 0; step < 3000; ++step) {
    guards.check(step, {{"matching", 0.6365 - 0.0003 * step}});
    EXPECT_FALSE(guards.hint());
  }
}

}  // namespace
}  // namespace blip::train
