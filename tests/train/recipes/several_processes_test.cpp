// Several processes are one training: where the definition says so, that of one process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>
#include <map>

#include "small_clip.hpp"
#include "small_run.hpp"
#include "train/run/log_reader.hpp"
#include "train/run/run_checkpoint.hpp"
#include "worker.hpp"

namespace blip::train {
namespace {

using testing::small_run;
using testing::TemporaryDirectory;
using testing::Worker;
using testing::WorkerOutcome;

class SeveralProcesses : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override { testing::write_small_data(path()); }
  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }

  void train(Task task, int processes, std::vector<std::string> settings) {
    settings.push_back("data.batch=" + std::to_string(kGlobalBatch / processes));
    const auto words = small_run(task, path(), std::to_string(processes), settings);
    if (processes == 1) {
      const WorkerOutcome outcome = Worker(words).wait();
      ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
      return;
    }
    for (Worker& worker : testing::start_ranks(processes, words)) {
      const WorkerOutcome outcome = worker.wait();
      ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    }
  }
  [[nodiscard]] RunState state(int processes) const {
    return load_checkpoint(path() / std::to_string(processes));
  }
  [[nodiscard]] std::vector<LogPoint> losses(int processes) const {
    return read_log(path() / std::to_string(processes) / "log.jsonl").at("loss");
  }

  // Losses of all steps and weights after them agree with one process's.
  void expect_like_one(Task task, std::vector<std::string> settings) {
    const int processes = GetParam();
    // Without chance in the model. Adam divides gradients that are 0 but for rounding by
    // themselves: with this epsilon it does not.
    settings.emplace_back("optimizer.epsilon=1e-3");
    if (task != Task::clip && task != Task::vqgan && task != Task::draw) {
      settings.insert(settings.end(), {"model.dropout=0", "model.drop_path=0"});
    }
    train(task, 1, settings);
    train(task, processes, settings);
    const auto alone = losses(1);
    const auto together = losses(processes);
    ASSERT_EQ(alone.size(), together.size());
    for (std::size_t i = 0; i < alone.size(); ++i) {
      EXPECT_NEAR(alone[i].value, together[i].value, 1e-5 * alone[i].value) << "step " << i;
    }
    EXPECT_NE(alone.front().value, alone.back().value);
    const RunState other = state(processes);
    for (const auto& [name, tensor] : state(1).model) {
      const double difference =
          (tensor.to(torch::kFloat64) - find_tensor(other.model, name)).abs().max().item<double>();
      EXPECT_LE(difference, 1e-5) << name;
    }
  }

  static constexpr int kGlobalBatch = 8;

 private:
  TemporaryDirectory directory_;
};

TEST_P(SeveralProcesses, LearnStatementsAsOneDoes) {
  expect_like_one(Task::nlvr, {});
}

// Its loss is a sum over answers, divided by the pictures of the process, which all have as many.
TEST_P(SeveralProcesses, LearnAnswersAsOneDoes) {
  expect_like_one(Task::vqa, {});
}

// The captions have as many tokens each; else the mean over a process's tokens would weigh them
// otherwise, with DistributedDataParallel as here.
TEST_P(SeveralProcesses, LearnCaptionsOfOneLengthAsOneDoes) {
  expect_like_one(Task::caption, {});
}

// Each picture is told from those of all processes, and gradients flow through their features.
TEST_P(SeveralProcesses, LearnPairsOfAllAsOneDoes) {
  testing::write_small_clip(path() / "clip");
  expect_like_one(Task::clip, {"model.start=" + (path() / "clip").string()});
}

// Which latents codes are put at depends on the order of the pictures, which is the processes' own.
TEST_P(SeveralProcesses, LearnCodesAsOneDoes) {
  expect_like_one(Task::vqgan, {"data.augment=false", "objective.code_restart_share=0"});
}

// But all processes put them at the same, or the checkpoint would be refused.
TEST_P(SeveralProcesses, RestartTheSameCodes) {
  train(Task::vqgan, GetParam(), {"objective.code_restart_share=0.9"});
}

TEST_P(SeveralProcesses, LearnToDrawAsOneDoes) {
  const WorkerOutcome outcome =
      Worker(small_run(Task::vqgan, path(), "vqgan", {"run.max_steps=10"})).wait();
  ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  expect_like_one(Task::draw, {"objective.prompt_dropout=0"});
}

// Columns of a queue, sorted by their first elements: the processes' rows stand one after the other
// there, where one process has them alternating.
torch::Tensor sorted_columns(const torch::Tensor& queue, std::int64_t columns) {
  const torch::Tensor written = queue.slice(1, 0, columns);
  return written.index_select(1, std::get<1>(written[0].sort()));
}

// What is in the queues is everybody's: nothing is learnt, so that the features are comparable.
// (require_agreement, at every checkpoint, compares the queues of all processes.)
TEST_P(SeveralProcesses, FillTheQueuesTogether) {
  for (const Task task : {Task::pretrain, Task::retrieval}) {
    const std::vector<std::string> settings = {"model.dropout=0", "optimizer.learning_rate=0",
                                               "optimizer.schedule=cosine",
                                               "objective.queue_size=48", "run.max_steps=3"};
    train(task, 1, settings);
    train(task, GetParam(), settings);
    const RunState one = state(1);
    const RunState other = state(GetParam());
    const char* pointer = task == Task::pretrain ? "queue_ptr" : "ptr_queue";
    const auto columns = find_tensor(one.model, pointer).item<std::int64_t>();
    EXPECT_EQ(columns, 3 * kGlobalBatch);
    EXPECT_EQ(find_tensor(other.model, pointer).item<std::int64_t>(), columns);
    for (const char* name : {"image_queue", "text_queue"}) {
      const torch::Tensor left = sorted_columns(find_tensor(one.model, name), columns);
      const torch::Tensor right = sorted_columns(find_tensor(other.model, name), columns);
      EXPECT_LE((left - right).abs().max().item<double>(), 1e-5) << name;
    }
    std::filesystem::remove_all(path() / "1");
    std::filesystem::remove_all(path() / std::to_string(GetParam()));
  }
}

// A run of two processes that is resumed is the same run.
TEST_P(SeveralProcesses, GoOnBitForBit) {
  if (GetParam() != 2) GTEST_SKIP() << "once is enough";
  train(Task::retrieval, 2, {"run.max_steps=8"});
  const RunState straight = state(2);
  std::filesystem::remove_all(path() / "2");
  train(Task::retrieval, 2, {"run.max_steps=4"});
  auto words = small_run(Task::retrieval, path(), "2", {"run.max_steps=8", "data.batch=4"});
  words.emplace_back("--resume");
  for (Worker& worker : testing::start_ranks(2, words)) {
    const WorkerOutcome outcome = worker.wait();
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  }
  const RunState resumed = state(2);
  for (const auto& [name, tensor] : straight.model) {
    EXPECT_TRUE(tensor.equal(find_tensor(resumed.model, name))) << name;
  }
}

// Processes that are not started alike; → what each says as it fails.
std::vector<std::string> failures(
    int processes, const std::function<std::vector<std::string>(int rank)>& words_of) {
  const std::string port = std::to_string(testing::free_port());
  std::vector<Worker> workers;
  for (int rank = 0; rank < processes; ++rank) {
    workers.emplace_back(words_of(rank), std::map<std::string, std::string>{
                                             {"RANK", std::to_string(rank)},
                                             {"LOCAL_RANK", std::to_string(rank)},
                                             {"WORLD_SIZE", std::to_string(processes)},
                                             {"MASTER_ADDR", "127.0.0.1"},
                                             {"MASTER_PORT", port}});
  }
  std::vector<std::string> outputs;
  for (Worker& worker : workers) {
    const WorkerOutcome outcome = worker.wait();
    EXPECT_EQ(outcome.exit_code, 2);
    outputs.push_back(outcome.output);
  }
  return outputs;
}

// One of them has another learning rate.
TEST_P(SeveralProcesses, NoticeThatTheyDiffer) {
  const auto words_of = [&](int rank) {
    const char* rate = rank == 1 ? "optimizer.learning_rate=2e-3" : "optimizer.learning_rate=1e-3";
    return small_run(Task::nlvr, path(), "run", {rate, "data.batch=2"});
  };
  for (const std::string& output : failures(GetParam(), words_of)) {
    EXPECT_THAT(output, ::testing::HasSubstr("do not hold the same model any more"));
  }
  EXPECT_FALSE(find_latest_checkpoint(path() / "run"));
}

// As on two machines that do not share the run's directory.
TEST_P(SeveralProcesses, NoticeThatOneFindsNoCheckpoint) {
  train(Task::nlvr, 1, {});
  const std::string start = "model.start=" + (path() / "1" / "model").string();
  train(Task::nlvr, GetParam(), {start, "run.max_steps=2"});
  const std::string run = std::to_string(GetParam());
  const auto words_of = [&](int rank) {
    auto words = small_run(Task::nlvr, path(), rank == 1 ? "elsewhere" : run,
                           {start, "data.batch=" + std::to_string(kGlobalBatch / GetParam())});
    words.emplace_back("--resume");
    return words;
  };
  for (const std::string& output : failures(GetParam(), words_of)) {
    EXPECT_THAT(output, ::testing::HasSubstr(
                            "process 1 would begin at step 0 with 24 rows of data, process 0 at "
                            "step 2 with 24 rows of data: all need the same data, and a "
                            "run.directory that they share"));
  }
}

INSTANTIATE_TEST_SUITE_P(OnOneMachine, SeveralProcesses, ::testing::Values(2, 4));

}  // namespace
}  // namespace blip::train
