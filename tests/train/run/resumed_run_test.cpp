#include "train/run/resumed_run.hpp"

#include <gmock/gmock.h>

#include "train/run/training_config.hpp"

namespace blip::train {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ResumedRun, KnowsWhatChanged) {
  TrainingConfig config = default_config(Task::caption);
  const std::string before = config_as_json(config);
  EXPECT_THAT(changed_keys(before, before), IsEmpty());
  config.data.batch = 7;
  config.run.seed = 1;
  EXPECT_THAT(changed_keys(before, config_as_json(config)), ElementsAre("data.batch", "run.seed"));
  for (const char* text : {"", "[", "7", R"({"data": 7})", R"({"data": {"batch": {}}})"}) {
    changed_keys(text, before);  // says what it can of what a checkpoint may hold
  }
}

TEST(ResumedRun, KnowsTheRowsOfAStep) {
  RunState state;
  state.processes = 3;
  TrainingConfig config = default_config(Task::caption);
  config.data.batch = 5;
  state.configuration = config_as_json(config);
  EXPECT_EQ(rows_of_step(state), 15);
  config.data.captions_per_image = 4;
  state.configuration = config_as_json(config);
  EXPECT_EQ(rows_of_step(state), 60);
  state.configuration = R"({"data": {"batch": 5}})";  // of a task that has no such key
  EXPECT_EQ(rows_of_step(state), 15);
  for (const char* text :
       {"", "[", R"({"data": 7})", R"({"data": {"batch": "x"}})", R"({"data": {"batch": -1}})",
        R"({"data": {"batch": 18446744073709551615}})", R"({"data": {"batch": 1e300}})",
        R"({"data": {"batch": 5, "captions_per_image": -1}})"}) {
    state.configuration = text;
    EXPECT_EQ(rows_of_step(state), 0) << text;
  }
}

TEST(ResumedRun, GoesOnBehindTheRowsThatWereSeen) {
  const RunPosition position = {.step = 2900, .epoch = 2, .step_in_epoch = 900};
  // Twice the rows in a step: 9,000 of 10,000 rows are seen either way.
  EXPECT_EQ(position_in_steps_of(20, 10, 500, position), (RunPosition{2900, 2, 450}));
  EXPECT_EQ(position_in_steps_of(5, 10, 2000, position), (RunPosition{2900, 2, 1800}));
  EXPECT_EQ(position_in_steps_of(10, 10, 1000, position), position);
  // Rounded down: 900 * 10 = 9000 = 1285 * 7 + 5.
  EXPECT_EQ(position_in_steps_of(7, 10, 1428, position), (RunPosition{2900, 2, 1285}));
  // What is left is less than one of the new steps.
  EXPECT_EQ(position_in_steps_of(3000, 10, 3, position), (RunPosition{2900, 3, 0}));
  // Nothing known, or nothing that can be.
  EXPECT_EQ(position_in_steps_of(20, 0, 500, position), position);
  const RunPosition absurd = {.step = 1, .epoch = 0, .step_in_epoch = INT64_MAX};
  EXPECT_EQ(position_in_steps_of(1, std::int64_t{1} << 51, 100, absurd), (RunPosition{1, 1, 0}));
}

}  // namespace
}  // namespace blip::train
