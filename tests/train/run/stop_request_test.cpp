// Signals that end a run in order.
#include "train/run/stop_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "train/run/run_checkpoint.hpp"
#include "worker.hpp"

namespace blip::train {
namespace {

using testing::TemporaryDirectory;
using testing::Worker;
using testing::WorkerOutcome;

TEST(StopRequest, HearsSignalsWhileItExists) {
  {
    const StopRequest stop;
    EXPECT_FALSE(stop.requested());
    EXPECT_EQ(stop.exit_code(), 0);
    std::raise(SIGTERM);
    EXPECT_TRUE(stop.requested());
    EXPECT_EQ(stop.exit_code(), 128 + SIGTERM);
  }
  const StopRequest next;
  EXPECT_FALSE(next.requested());
}

TEST(StopRequest, LeavesIgnoredSignalsIgnored) {
  const auto previous = std::signal(SIGHUP, SIG_IGN);
  const StopRequest stop;
  std::raise(SIGHUP);
  EXPECT_FALSE(stop.requested());
  std::signal(SIGHUP, previous);
}

TEST(StopRequestDeathTest, SecondSignalKills) {
  const auto twice = [] {
    const StopRequest stop;
    std::raise(SIGTERM);
    std::raise(SIGTERM);
  };
  EXPECT_EXIT(twice(), ::testing::KilledBySignal(SIGTERM), "");
}

class StoppedRun : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(BySignal, StoppedRun, ::testing::Values(SIGTERM, SIGINT));

TEST_P(StoppedRun, SavesWhereItIs) {
  const TemporaryDirectory run;
  Worker worker({"train", run.path().string(), "1000000000"});
  ASSERT_TRUE(worker.wait_for("going", std::chrono::seconds(120))) << worker.output();
  worker.signal(GetParam());
  const WorkerOutcome outcome = worker.wait();
  EXPECT_EQ(outcome.exit_code, 128 + GetParam()) << outcome.output;
  const RunState state = load_checkpoint(run.path());
  EXPECT_GE(state.position.step, 3);
  EXPECT_THAT(outcome.output,
              ::testing::HasSubstr("step " + std::to_string(state.position.step) + "\n"));
}

}  // namespace
}  // namespace blip::train
