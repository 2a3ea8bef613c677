// Several processes: the same numbers as one has, and an end when one of them is gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <array>

#include "blip/error.hpp"
#include "same_checkpoints.hpp"
#include "train/run/flat_buckets.hpp"
#include "train/run/process_group.hpp"
#include "worker.hpp"

namespace blip::train {
namespace {

using ::testing::HasSubstr;
using testing::start_ranks;
using testing::Worker;
using testing::WorkerOutcome;

TEST(OneProcess, NeedsNoOthers) {
  const ProcessGroup group = ProcessGroup::join({}, torch::kCPU, std::chrono::seconds(1));
  EXPECT_EQ(group.rank(), 0);
  EXPECT_EQ(group.size(), 1);
  torch::Tensor x = torch::arange(4.0).requires_grad_();
  const torch::Tensor y = group.all_gather_with_gradient(x);
  EXPECT_TRUE(y.requires_grad());
  EXPECT_FALSE(group.all_gather(x).requires_grad());
  EXPECT_TRUE(group.any(true));
  EXPECT_FALSE(group.any(false));
  group.barrier();
}

TEST(TrainingDevice, IsThatOfTheLocalRank) {
  EXPECT_TRUE(training_device("cpu", 3).is_cpu());
  if (torch::cuda::device_count() == 0) {
    EXPECT_TRUE(training_device("auto", 0).is_cpu());
    EXPECT_THROW(training_device("cuda", 0), Error);
  } else {
    EXPECT_EQ(training_device("cuda", 0), torch::Device(torch::kCUDA, 0));
    EXPECT_THROW(training_device("auto", 1000), Error);
  }
}

TEST(FlatBuckets, KeepOrderTypesAndTheLimit) {
  const std::array tensors = {torch::full({2, 2}, 1.0), torch::full({3}, 2.0),
                              torch::full({5}, 3, torch::kInt64), torch::full({40}, 4.0)};
  std::vector<std::int64_t> lengths;
  change_in_buckets(tensors, 7 * sizeof(float), [&](const torch::Tensor& flat) {
    lengths.push_back(flat.numel());
    flat.mul_(10);
  });
  EXPECT_EQ(lengths, (std::vector<std::int64_t>{7, 5, 40}));
  EXPECT_TRUE(tensors[0].equal(torch::full({2, 2}, 10.0)));
  EXPECT_TRUE(tensors[2].equal(torch::full({5}, 30, torch::kInt64)));
  EXPECT_TRUE(tensors[3].equal(torch::full({40}, 40.0)));
}

#ifdef BLIP_GLOO
class Processes : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(TwoAndFour, Processes, ::testing::Values(2, 4));

void expect_success(int size, const std::string& mode) {
  std::vector<Worker> workers = start_ranks(size, {mode});
  for (Worker& worker : workers) {
    const WorkerOutcome outcome = worker.wait();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  }
}

TEST_P(Processes, AverageGradientsToThoseOfTheWholeBatch) {
  expect_success(GetParam(), "gradients");
}

TEST_P(Processes, GatherRowsThroughWhichGradientsFlow) {
  expect_success(GetParam(), "gather");
}

TEST_P(Processes, StartFromTheValuesOfRankZero) {
  expect_success(GetParam(), "broadcast");
}

TEST_P(Processes, StopWhenOneOfThemIsGone) {
  std::vector<Worker> workers = start_ranks(GetParam(), {"rank_dies"});
  const WorkerOutcome left = workers.back().wait();
  EXPECT_EQ(left.exit_code, 0) << left.output;
  workers.pop_back();
  for (Worker& worker : workers) {
    // Well before the timeout of the group, 60 seconds: the connection breaks.
    const WorkerOutcome outcome = worker.wait(std::chrono::seconds(40));
    EXPECT_EQ(outcome.exit_code, 3) << outcome.output;
    EXPECT_THAT(outcome.output, HasSubstr("another process has ended or does not answer"));
  }
}

TEST(ProcessAlone, SaysThatTheOthersDoNotCome) {
  Worker worker({"never_meets"}, {{"RANK", "0"},
                                  {"WORLD_SIZE", "2"},
                                  {"MASTER_ADDR", "127.0.0.1"},
                                  {"MASTER_PORT", std::to_string(testing::free_port())}});
  const WorkerOutcome outcome = worker.wait(std::chrono::seconds(40));
  EXPECT_EQ(outcome.exit_code, 3) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("process 0 of 2: the processes do not meet at 127.0.0.1:"));
}

TEST_P(Processes, ResumeBitForBit) {
  const testing::TemporaryDirectory straight;
  const testing::TemporaryDirectory interrupted;
  const auto train = [](const std::filesystem::path& run, const char* steps) {
    for (Worker& worker : start_ranks(GetParam(), {"train", run.string(), steps})) {
      const WorkerOutcome outcome = worker.wait();
      ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    }
  };
  train(straight.path(), "12");
  train(interrupted.path(), "6");
  train(interrupted.path(), "12");
  testing::expect_same_checkpoints(straight.path(), interrupted.path());
}
#endif

}  // namespace
}  // namespace blip::train
