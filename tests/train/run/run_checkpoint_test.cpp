// Checkpoints: whole or not there, whoever kills the run; and a resumed run is the same run.
#include "train/run/run_checkpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <torch/torch.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "blip/error.hpp"
#include "same_checkpoints.hpp"
#include "train/run/random_state.hpp"
#include "worker.hpp"

namespace blip::train {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryDirectory;
using testing::Worker;
using testing::WorkerOutcome;

RunState small_state(std::int64_t step) {
  RunState state;
  state.position = {step, 2, 5};
  state.model = {{"weight", torch::full({3, 2}, static_cast<double>(step))},
                 {"queue_ptr", torch::full({1}, step, torch::kInt64)},
                 {"scalar", torch::tensor(1.5, torch::kFloat64)},
                 {"empty", torch::zeros({0, 4})},
                 {"half", torch::ones({3}, torch::kBFloat16)}};
  state.optimizer = {{"weight.exp_avg", torch::full({3, 2}, 0.25)}};
  state.random = {{"rank00000.cpu", torch::arange(9, torch::kUInt8)}};
  state.processes = 4;
  state.configuration = "{\"run\": {\"seed\": 1}}";
  state.numbers = {{"best_score", 1.25}};
  return state;
}

std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(RunCheckpoint, GivesBackWhatWasSaved) {
  const TemporaryDirectory run;
  const RunState saved = small_state(7);
  const auto directory = save_checkpoint(run.path(), saved, 3);
  EXPECT_EQ(directory.filename(), "checkpoint-00000007");
  const RunState loaded = load_checkpoint(run.path());
  EXPECT_EQ(loaded.position, saved.position);
  EXPECT_EQ(loaded.processes, 4);
  EXPECT_EQ(loaded.configuration, saved.configuration);
  EXPECT_EQ(loaded.numbers, saved.numbers);
  ASSERT_EQ(loaded.model.size(), saved.model.size());
  for (const auto& [name, tensor] : saved.model) {
    const torch::Tensor other = find_tensor(loaded.model, name);
    ASSERT_TRUE(other.defined()) << name;
    EXPECT_EQ(other.scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(other.equal(tensor)) << name;
  }
  EXPECT_TRUE(find_tensor(loaded.optimizer, "weight.exp_avg").equal(torch::full({3, 2}, 0.25)));
  EXPECT_EQ(load_checkpoint(directory).position, saved.position);
}

TEST(RunCheckpoint, KeepsTheLastOnesAndThoseOfLaterSteps) {
  const TemporaryDirectory run;
  for (const std::int64_t step : {10, 20, 30, 40})
    save_checkpoint(run.path(), small_state(step), 2);
  EXPECT_THAT(names_in(run.path()),
              ElementsAre("checkpoint-00000030", "checkpoint-00000040", "latest"));
  save_checkpoint(run.path(), small_state(25), 2);
  EXPECT_THAT(names_in(run.path()), ElementsAre("checkpoint-00000025", "checkpoint-00000030",
                                                "checkpoint-00000040", "latest"));
  EXPECT_EQ(load_checkpoint(run.path()).position.step, 25);
  save_checkpoint(run.path(), small_state(30), 0);
  EXPECT_EQ(load_checkpoint(run.path()).position.step, 30);
}

TEST(RunCheckpoint, IsFoundWithoutThePointerAndOnlyInItsRun) {
  const TemporaryDirectory run;
  EXPECT_FALSE(find_latest_checkpoint(run.path()));
  EXPECT_FALSE(find_latest_checkpoint(run.path() / "not there"));
  save_checkpoint(run.path(), small_state(5), 0);
  save_checkpoint(run.path(), small_state(6), 0);
  std::filesystem::remove(run.path() / "latest");
  EXPECT_EQ(load_checkpoint(run.path()).position.step, 6);
  write_text(run.path() / "latest", "checkpoint-00000005\n");
  EXPECT_EQ(load_checkpoint(run.path()).position.step, 5);
  write_text(run.path() / "latest", "../../etc\n");
  EXPECT_EQ(load_checkpoint(run.path()).position.step, 6);
  write_text(run.path() / "latest", "checkpoint-00000099\n");
  EXPECT_EQ(load_checkpoint(run.path()).position.step, 6);
}

TEST(RunCheckpoint, IsNotWrittenOverByAnotherRun) {
  const TemporaryDirectory run;
  EXPECT_FALSE(checkpoint_to_resume(run.path(), /*resume=*/false));
  EXPECT_FALSE(checkpoint_to_resume(run.path(), /*resume=*/true));
  const auto directory = save_checkpoint(run.path(), small_state(5), 0);
  EXPECT_EQ(checkpoint_to_resume(run.path(), /*resume=*/true), directory);
  EXPECT_THAT(error_of([&] { checkpoint_to_resume(run.path(), /*resume=*/false); }),
              HasSubstr("has checkpoint-00000005 already; --resume goes on with it"));
}

TEST(RunCheckpoint, RemovesWhatAKilledProcessLeft) {
  const TemporaryDirectory run;
  std::filesystem::create_directories(run.path() / ".partial-checkpoint-00000003-1");
  write_text(run.path() / ".partial-checkpoint-00000003-1" / "model.safetensors", "half");
  EXPECT_FALSE(find_latest_checkpoint(run.path()));
  save_checkpoint(run.path(), small_state(4), 3);
  EXPECT_THAT(names_in(run.path()), ElementsAre("checkpoint-00000004", "latest"));
}

TEST(RunCheckpoint, SaysWhatIsWrongWithAFile) {
  const TemporaryDirectory run;
  const auto message = [&] { return error_of([&] { load_checkpoint(run.path()); }); };
  EXPECT_THAT(message(), HasSubstr("neither a training checkpoint nor a run that has one"));
  const auto directory = save_checkpoint(run.path(), small_state(4), 3);
  const std::string good = R"({"format": "blip.cpp training checkpoint", "version": 1, "step": 4,
      "epoch": 0, "step_in_epoch": 4, "processes": 1})";
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    write_text(directory / "state.json", text);
    return message();
  };
  EXPECT_EQ(with("4", "4"), "no error");
  EXPECT_THAT(with("\"version\": 1", "\"version\": 2"), HasSubstr("format version 2"));
  EXPECT_THAT(with("blip.cpp training", "other"), HasSubstr("not a checkpoint of a training run"));
  EXPECT_THAT(with("\"step\": 4", "\"step\": -1"), HasSubstr("step must be a whole number"));
  EXPECT_THAT(with("\"step\": 4", "\"step\": 9223372036854775808"), HasSubstr("step must be"));
  EXPECT_THAT(with("\"epoch\": 0,", ""), HasSubstr("epoch must be a whole number"));
  EXPECT_THAT(with("\"processes\": 1", "\"processes\": 0"), HasSubstr("processes must be 1 to"));
  EXPECT_THAT(with("{", "{{"), HasSubstr("state.json: not valid JSON"));
  write_text(directory / "state.json", good);
  std::filesystem::resize_file(directory / "model.safetensors", 100);
  EXPECT_THAT(message(), HasSubstr("model.safetensors: "));
  std::filesystem::remove(directory / "model.safetensors");
  EXPECT_THAT(message(), HasSubstr("model.safetensors: no such file"));
}

TEST(RunCheckpoint, RefusesTwoTensorsOfOneName) {
  const TemporaryDirectory run;
  RunState state = small_state(1);
  state.model.emplace_back("weight", torch::ones({1}));
  EXPECT_THAT(error_of([&] { save_checkpoint(run.path(), state, 1); }),
              HasSubstr("two tensors have the name \"weight\""));
}

// As a full disk does: a write fails in the middle.
TEST(RunCheckpoint, LeavesTheOldOneWhenTheDiskIsFull) {
  const TemporaryDirectory run;
  save_checkpoint(run.path(), small_state(1), 1);
  RunState large = small_state(2);
  large.model[0].second = torch::zeros({100'000});
  rlimit limit = {};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small = {100'000, limit.rlim_max};
  const auto previous = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string message = error_of([&] { save_checkpoint(run.path(), large, 1); });
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, previous);
  EXPECT_THAT(message, AllOf(HasSubstr("checkpoint of step 2 not saved: "),
                             HasSubstr("model.safetensors: cannot be written: File too large"),
                             HasSubstr("; checkpoint-00000001 is untouched")));
  EXPECT_THAT(names_in(run.path()), ElementsAre("checkpoint-00000001", "latest"));
  EXPECT_EQ(load_checkpoint(run.path()).position.step, 1);
}

TEST(RunCheckpoint, SurvivesBeingKilledAtAnyMoment) {
  const TemporaryDirectory run;
  std::mt19937 random(1);
  std::uniform_int_distribution<int> microseconds(0, 20'000);
  std::int64_t before = 0;
  for (int round = 0; round < 12; ++round) {
    Worker writer({"write", run.path().string()});
    ASSERT_TRUE(writer.wait_for("saved 2.", std::chrono::seconds(120))) << writer.output();
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds(random)));
    writer.signal(SIGKILL);
    const WorkerOutcome outcome = writer.wait();
    ASSERT_EQ(outcome.exit_code, 128 + SIGKILL) << outcome.output;
    const std::size_t line = outcome.output.rfind("saved ");
    const std::int64_t reported = std::stoll(outcome.output.substr(line + 6));

    const RunState state = load_checkpoint(run.path());
    // At most the one that was being written is lost; nothing of it is in what is found.
    EXPECT_GE(state.position.step, reported);
    EXPECT_LE(state.position.step, reported + 1);
    for (const auto* tensors : {&state.model, &state.optimizer}) {
      for (const auto& [name, tensor] : *tensors) {
        EXPECT_TRUE(tensor.eq(static_cast<double>(state.position.step)).all().item<bool>()) << name;
      }
    }
    before += reported;
  }
  EXPECT_GE(before, 24);
}

TEST(ResumedRun, IsTheSameBitForBit) {
  const TemporaryDirectory straight;
  const TemporaryDirectory interrupted;
  const auto train = [](const TemporaryDirectory& run, const char* steps) {
    const WorkerOutcome outcome = Worker({"train", run.path().string(), steps}).wait();
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  };
  train(straight, "20");
  train(interrupted, "10");
  train(interrupted, "20");
  EXPECT_EQ(load_checkpoint(straight.path()).position.step, 20);
  testing::expect_same_checkpoints(straight.path(), interrupted.path());
  // And not because nothing changes any more.
  train(interrupted, "21");
  const auto weight = [](const TemporaryDirectory& run) {
    return find_tensor(load_checkpoint(run.path()).model, "weight");
  };
  EXPECT_FALSE(weight(straight).equal(weight(interrupted)));
}

TEST(RandomState, IsRestoredForTheRanksThatItHas) {
  const NamedTensors states = collect_random_states({}, torch::kCPU);
  const torch::Tensor drawn = torch::rand({5});
  EXPECT_TRUE(restore_random_state(states, 0, torch::kCPU, "file"));
  EXPECT_TRUE(torch::rand({5}).equal(drawn));
  EXPECT_FALSE(restore_random_state(states, 1, torch::kCPU, "file"));
  const NamedTensors bad = {{"rank00000.cpu", torch::zeros({3}, torch::kUInt8)}};
  EXPECT_THAT(error_of([&] { restore_random_state(bad, 0, torch::kCPU, "file"); }),
              HasSubstr("file: the state of a random number generator is not one"));
}

}  // namespace
}  // namespace blip::train
