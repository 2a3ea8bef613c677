// Runs of blip-train from beginning to end: what they leave, how they stop and go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/version.h>

#include <csignal>
#include <fstream>
#include <map>
#include <thread>
#include <utility>

#include "blip/conditional_generation.hpp"
#include "blip/image_text_retrieval.hpp"
#include "blip/nlvr.hpp"
#include "blip/question_answering.hpp"
#include "same_checkpoints.hpp"
#include "small_run.hpp"
#include "tests/train/data/pictures.hpp"
#include "train/optimizer/adamw.hpp"
#include "train/run/log_reader.hpp"
#include "train/run/run_checkpoint.hpp"
#include "training_run.hpp"
#include "worker.hpp"

namespace blip::train {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using testing::small_run;
using testing::Worker;
using testing::WorkerOutcome;

TEST_F(TrainingRun, PretrainsWhatBothEngineClassesLoad) {
  train(Task::pretrain, "run", {});
  EXPECT_THAT(log("run"), Contains(Key("contrastive")));
  EXPECT_EQ(log("run").at("language").size(), 6U);
  BlipForConditionalGeneration::from_pretrained(path() / "run" / "model" / "captioning");
  BlipForImageTextRetrieval::from_pretrained(path() / "run" / "model" / "retrieval");
}

TEST_F(TrainingRun, CaptionsAreJudgedAndLoaded) {
  train(Task::caption, "run", {validation()});
  EXPECT_THAT(log("run"), Contains(Key("cider")));
  EXPECT_EQ(log("run").at("bleu4").size(), 1U);
  BlipForConditionalGeneration::from_pretrained(path() / "run" / "best");
}

TEST_F(TrainingRun, LearnsTheCaptionsOfAPictureTogether) {
  train(Task::caption, "one", {"run.epochs=1", "run.max_steps=0"});
  train(Task::caption, "two", {"data.captions_per_image=2", "run.epochs=1", "run.max_steps=0"});
  // Every caption once in an epoch, hence half as many steps.
  EXPECT_EQ(2 * log("two").at("loss").size(), log("one").at("loss").size());
}

TEST_F(TrainingRun, GoesOnWithOtherCaptionsPerImage) {
  train(Task::caption, "run", {"run.max_steps=5"});  // of the 6 steps of an epoch
  train(Task::caption, "run", {"data.captions_per_image=2", "run.max_steps=8"}, {"--resume"});
  EXPECT_THAT(output_, HasSubstr("changed since then: data.captions_per_image"));
  EXPECT_EQ(log("run").at("loss").size(), 8U);
}

TEST_F(TrainingRun, RetrievalIsJudgedAndLoaded) {
  train(Task::retrieval, "run", {validation(), "evaluation.candidates=5"});
  const double recall = log("run").at("mean_recall").front().value;
  EXPECT_GE(recall, 0);
  EXPECT_LE(recall, 100);
  BlipForImageTextRetrieval::from_pretrained(path() / "run" / "model");
}

TEST_F(TrainingRun, DrawsNegativesAsHardAsItIsTold) {
  for (const Task task : {Task::pretrain, Task::retrieval}) {
    const std::string run(name_of(task));
    SCOPED_TRACE(run);
    train(task, run + "-default", {});
    train(task, run + "-hard", {"objective.negative_hardness=1"});
    train(task, run + "-any", {"objective.negative_hardness=0"});
    EXPECT_EQ(matching_losses(run + "-default"), matching_losses(run + "-hard"));
    EXPECT_NE(matching_losses(run + "-any"), matching_losses(run + "-hard"));
  }
}

TEST_F(TrainingRun, StatementsAreJudgedAndLoaded) {
  train(Task::nlvr, "run", {validation()});
  EXPECT_THAT(log("run"), Contains(Key("accuracy")));
  BlipForNLVR::from_pretrained(path() / "run" / "model");
}

// Twelve pictures can be learnt by heart, and the engine then says what was learnt.
TEST_F(TrainingRun, AnswersAreLearnt) {
  // Eight copies of the data, as judging after each epoch takes longer than an epoch of one.
  std::vector<std::string> copies;
  for (int i = 0; i < 7; ++i) copies.push_back((path() / "data-000000.tar").string());
  copies.insert(copies.begin(), "--data");
  train(Task::vqa, "run",
        {validation(), "model.dropout=0", "model.drop_path=0", "data.augment=false",
         "objective.label_smoothing=0", "run.epochs=20", "run.max_steps=0", "data.batch=12",
         "optimizer.learning_rate=5e-3", "optimizer.schedule=warmup_cosine",
         "optimizer.warmup_steps=20", "run.checkpoint_interval=1000"},
        copies);
  const auto losses = log("run").at("loss");
  EXPECT_LT(losses.back().value, 0.3 * losses.front().value);
  // The color is one answer; of the thing three of ten say a color, which counts a third at most.
  EXPECT_GT(load_checkpoint(path() / "run").numbers.at("best_score"), 0.9);
  BlipForQuestionAnswering::from_pretrained(path() / "run" / "best");
}

TEST_F(TrainingRun, StartsFromAModelThatWasTrained) {
  train(Task::pretrain, "first", {});
  train(Task::caption, "second",
        {"model.start=" + (path() / "first" / "model" / "captioning").string()});
  train(Task::vqa, "third",
        {"model.start=" + (path() / "first" / "model" / "captioning").string()});
  EXPECT_THAT(output_, HasSubstr("borrowed from another tower"));
}

TEST_F(TrainingRun, LeavesAVisionTowerThatIsNotToLearn) {
  train(Task::caption, "first", {});
  train(Task::caption, "second",
        {"model.start=" + (path() / "first" / "model").string(),
         "optimizer.vision_learning_rate_factor=0", "model.recompute_layers=1"});
  const NamedTensors before = load_checkpoint(path() / "first").model;
  for (const auto& [name, tensor] : load_checkpoint(path() / "second").model) {
    const bool is_same = tensor.equal(find_tensor(before, name));
    EXPECT_EQ(is_same, is_of_vision_tower(name)) << name;
  }
}

TEST_F(TrainingRun, StartsFromTheFirstTextLayers) {
  train(Task::pretrain, "first", {});
  const std::string start = "model.start=" + (path() / "first" / "model" / "captioning").string();
  train(Task::vqa, "second", {start, "model.text_layers=1"});
  EXPECT_THAT(output_, Not(HasSubstr("are new")));
  const auto config = BlipConfig::from_pretrained(path() / "second" / "model");
  EXPECT_EQ(config.text_config.num_hidden_layers, 1);
  EXPECT_EQ(config.vision_config.num_hidden_layers, 2);
  BlipForQuestionAnswering::from_pretrained(path() / "second" / "model");
  const WorkerOutcome outcome =
      Worker(small_run(Task::vqa, path(), "third", {start, "model.text_layers=3"})).wait();
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("model.text_layers 3 is more than the 2 text layers of"));
}

TEST_F(TrainingRun, IsTheSameAfterBeingKilled) {
  const std::vector<std::string> common = {"run.checkpoint_interval=10", "run.keep_checkpoints=0",
                                           "data.batch=3"};
  const auto with = [&](const std::string& setting) {
    std::vector<std::string> settings = common;
    settings.push_back(setting);
    return settings;
  };
  {
    Worker worker(small_run(Task::pretrain, path(), "killed", with("run.max_steps=100000")));
    const auto saved = path() / "killed" / "checkpoint-00000010";
    for (int i = 0; i < 6000 && !std::filesystem::exists(saved); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    worker.signal(SIGKILL);
    ASSERT_EQ(worker.wait().exit_code, 128 + SIGKILL);
  }
  const std::int64_t at = load_checkpoint(path() / "killed").position.step;
  // A checkpoint is there before `latest` names it; until then, the one of the epoch before counts.
  ASSERT_GE(at, 8);
  const std::string end = "run.max_steps=" + std::to_string(at + 10);
  train(Task::pretrain, "killed", with(end), {"--resume"});
  train(Task::pretrain, "straight", with(end));
  EXPECT_EQ(load_checkpoint(path() / "straight").position.step, at + 10);
  testing::expect_same_checkpoints(path() / "straight", path() / "killed");
  // The log has every step once.
  EXPECT_EQ(log("killed").at("loss").size(), log("straight").at("loss").size());
}

TEST_F(TrainingRun, IsTheSameWithAnyNumberOfWorkers) {
  train(Task::retrieval, "one", {"data.workers=1"});
  train(Task::retrieval, "five", {"data.workers=5", "data.cache_megabytes=1"});
  testing::expect_same_checkpoints(path() / "one", path() / "five");
}

TEST_F(TrainingRun, StopsWithACheckpoint) {
  Worker worker(small_run(Task::caption, path(), "run", {"run.max_steps=1000000"}));
  for (int i = 0; i < 6000 && !std::filesystem::exists(path() / "run" / "log.jsonl"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  worker.signal(SIGTERM);
  const WorkerOutcome outcome = worker.wait();
  EXPECT_EQ(outcome.exit_code, 128 + SIGTERM) << outcome.output;
  const std::int64_t at = load_checkpoint(path() / "run").position.step;
  EXPECT_GE(at, 1);
  train(Task::caption, "run", {"run.max_steps=" + std::to_string(at + 2)}, {"--resume"});
  EXPECT_THAT(output_, HasSubstr("going on after step " + std::to_string(at)));
  EXPECT_EQ(load_checkpoint(path() / "run").position.step, at + 2);
}

// Judging may fail, or be what the run was killed in: the checkpoint is there, and it is made up
// for.
TEST_F(TrainingRun, JudgesWhatWasNotJudgedWhenItGoesOn) {
  const std::string settings = "data.validation=[\"" + (path() / "broken.json").string() + "\"]";
  std::ofstream(path() / "broken.json") << R"([{"image": "missing.bmp", "caption": "a dog"}])";
  const WorkerOutcome outcome =
      Worker(small_run(Task::caption, path(), "run", {settings, "data.images=" + path().string()}))
          .wait();
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("missing.bmp"));
  EXPECT_EQ(load_checkpoint(path() / "run").position.step, 6);
  {
    const std::vector<std::byte> picture = bmp_of(20, 16, 1);
    std::ofstream(path() / "missing.bmp", std::ios::binary)
        .write(reinterpret_cast<const char*>(picture.data()),
               static_cast<std::streamsize>(picture.size()));
  }
  train(Task::caption, "run", {settings, "data.images=" + path().string()}, {"--resume"});
  EXPECT_EQ(log("run").at("bleu4").size(), 1U);
  BlipForConditionalGeneration::from_pretrained(path() / "run" / "best");
  // Once.
  train(Task::caption, "run", {settings, "data.images=" + path().string()}, {"--resume"});
  EXPECT_EQ(log("run").at("bleu4").size(), 1U);
}

TEST_F(TrainingRun, OpensTheValidationDataBeforeItTrains) {
  for (const Task task : {Task::caption, Task::retrieval, Task::vqa, Task::nlvr}) {
    const WorkerOutcome outcome =
        Worker(small_run(task, path(), "none", {"data.validation=[\"none.tar\"]"})).wait();
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.output, HasSubstr("none.tar: no such file"));
  }
  EXPECT_FALSE(std::filesystem::exists(path() / "none" / "log.jsonl"));
}

// Writes validation.json and the pictures it names; → the settings that evaluate on it.
std::vector<std::string> validation_list(const std::filesystem::path& directory,
                                         const std::string& rows) {
  for (const char* name : {"a.bmp", "b.bmp", "c.bmp"}) {
    const std::vector<std::byte> picture = bmp_of(20, 16, static_cast<unsigned>(name[0]));
    std::ofstream(directory / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(picture.data()),
               static_cast<std::streamsize>(picture.size()));
  }
  std::ofstream(directory / "validation.json") << rows;
  return {"data.validation=[\"" + (directory / "validation.json").string() + "\"]",
          "data.images=" + directory.string()};
}

TEST_F(TrainingRun, LeavesOutPicturesThatHaveNothingToEvaluate) {
  const auto settings = validation_list(path(), R"([
      {"images": ["a.bmp", "b.bmp"], "caption": "a red dog", "question": "what is this?",
       "answer": ["dog", "red"], "sentence": "it is red", "label": "True"},
      {"images": ["b.bmp", "c.bmp"], "question": "what is this?", "sentence": "it is red"},
      {"images": ["c.bmp", "a.bmp"], "caption": "a blue cat", "question": "what is this?",
       "answer": "cat", "sentence": "it is red", "label": "False"}])");
  const std::map<Task, std::pair<const char*, const char*>> expected = {
      {Task::caption, {"caption", "cider"}},
      {Task::retrieval, {"caption", "mean_recall"}},
      {Task::vqa, {"question with answers", "accuracy"}},
      {Task::nlvr, {"labelled statement", "accuracy"}}};
  for (const auto& [task, words] : expected) {
    const std::string run(name_of(task));
    SCOPED_TRACE(run);
    train(task, run, settings);
    const std::string line =
        std::string("1 of 3 pictures left out of the evaluation: no ") + words.first + "\n";
    EXPECT_THAT(output_, HasSubstr(line));
    EXPECT_EQ(log(run).at(words.second).size(), 1U);
    train(task, run, settings, {"--resume"});
  }
}

TEST_F(TrainingRun, RefusesValidationDataWithNothingToEvaluate) {
  const std::map<Task, std::string> expected = {
      {Task::caption, "none of its 2 pictures has a caption"},
      {Task::retrieval, "none of its 2 pictures has a caption"},
      {Task::vqa, "none of its 2 pictures has a question with answers"},
      {Task::nlvr, "none of its 2 pictures has a labelled statement"}};
  const auto settings = validation_list(
      path(), R"([{"image": "a.bmp", "question": "what?"}, {"image": "b.bmp", "sentence": "so"}])");
  for (const auto& [task, message] : expected) {
    const WorkerOutcome outcome = Worker(small_run(task, path(), "none", settings)).wait();
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.output, HasSubstr("data.validation: " + message));
  }
  const auto alone =
      validation_list(path(), R"([{"image": "a.bmp", "sentence": "so", "label": "True"}])");
  const WorkerOutcome outcome = Worker(small_run(Task::nlvr, path(), "none", alone)).wait();
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("validation.json: a.bmp: has no picture 2"));
  EXPECT_FALSE(std::filesystem::exists(path() / "none" / "log.jsonl"));
}

TEST_F(TrainingRun, RefusesToEvaluateCaptionsWithoutRoomForAny) {
  const auto error_of = [&](const std::string& setting) {
    const WorkerOutcome outcome =
        Worker(small_run(Task::caption, path(), "none", {validation(), setting})).wait();
    EXPECT_EQ(outcome.exit_code, 2);
    return outcome.output;
  };
  EXPECT_THAT(error_of("evaluation.max_length=21"), HasSubstr("more than the 20 positions"));
  EXPECT_THAT(
      error_of("evaluation.max_length=4"),
      HasSubstr("evaluation.max_length 4 leaves no room behind the 4 tokens of data.prompt"));
  EXPECT_FALSE(std::filesystem::exists(path() / "none" / "log.jsonl"));
}

TEST_F(TrainingRun, GoesOnWithOtherBatches) {
  // 24 rows: 6 steps of 4 in an epoch, 4 of 6.
  train(Task::pretrain, "run", {"run.max_steps=5"});
  train(Task::pretrain, "run", {"run.max_steps=8", "data.batch=6"}, {"--resume"});
  EXPECT_THAT(output_, HasSubstr("changed since then: data.batch, run.max_steps"));
  const RunPosition position = load_checkpoint(path() / "run").position;
  EXPECT_EQ(position, (RunPosition{8, 1, 2}));  // 3 steps' rows were seen, then 3 steps were made
  const WorkerOutcome outcome =
      Worker([&] {
        auto words = small_run(Task::pretrain, path(), "run", {"objective.queue_size=48"});
        words.emplace_back("--resume");
        return words;
      }())
          .wait();
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("checkpoint-00000008: "));
  EXPECT_THAT(outcome.output, HasSubstr("changed since: "));
  EXPECT_THAT(outcome.output, HasSubstr("objective.queue_size"));
}

// A checkpoint has what the saved models lack: temperature, momentum encoders and queues.
TEST_F(TrainingRun, StartsFromACheckpoint) {
  train(Task::pretrain, "first", {});
  const auto checkpoint = path() / "first" / "checkpoint-00000006";
  train(Task::retrieval, "second", {"model.start=" + checkpoint.string()});
  EXPECT_THAT(output_, HasSubstr("2 tensors are new, the first idx_queue"));
  // What encoder and decoder share is in it once.
  EXPECT_THAT(output_, HasSubstr("borrowed from another tower"));
}

TEST_F(TrainingRun, SaysWhatCannotBe) {
  const auto error_of = [&](const std::vector<std::string>& settings) {
    const WorkerOutcome outcome =
        Worker(small_run(Task::pretrain, path(), "none", settings)).wait();
    EXPECT_EQ(outcome.exit_code, 2);
    return outcome.output;
  };
  EXPECT_THAT(error_of({"model.image_size=18"}), HasSubstr("no multiple of the model's patch 8"));
  EXPECT_THAT(error_of({"architecture.text_heads=3"}), HasSubstr("cannot have 3 heads"));
  EXPECT_THAT(error_of({"data.max_tokens=21"}), HasSubstr("more than the 20 positions"));
  EXPECT_THAT(error_of({"model.text_layers=1"}), HasSubstr("needs model.start"));
  EXPECT_THAT(error_of({validation()}), HasSubstr("pre-training judges nothing"));
  EXPECT_THAT(error_of({"data.batch=24", "objective.queue_size=48", "data.train=none.tar"}),
              HasSubstr("none.tar"));
  EXPECT_THAT(error_of({"data.batch=48", "objective.queue_size=48"}),
              HasSubstr("the data have 24 rows, less than the 48 of one step"));
}

TEST_F(TrainingRun, TrainsInBfloat16) {
  if (TORCH_VERSION_MAJOR < 2) {
    const WorkerOutcome outcome =
        Worker(small_run(Task::pretrain, path(), "half", {"run.precision=bfloat16"})).wait();
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.output, HasSubstr("needs libtorch 2 or newer"));
    return;
  }
  train(Task::pretrain, "full", {"model.dropout=0"});
  train(Task::pretrain, "half", {"model.dropout=0", "run.precision=bfloat16"});
  const double full = log("full").at("loss").front().value;
  const double half = log("half").at("loss").front().value;
  EXPECT_NE(full, half);
  EXPECT_NEAR(half, full, 0.02 * full);
}

}  // namespace
}  // namespace blip::train
