// Configurations: the recipes are the defaults, and what is wrong is said.
#include "train/run/training_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "blip/error.hpp"
#include "worker.hpp"

namespace blip::train {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::array kTasks = {Task::pretrain, Task::caption, Task::retrieval, Task::vqa,
                               Task::nlvr,     Task::clip,    Task::vqgan,     Task::draw};

class ConfigFile : public ::testing::Test {
 protected:
  TrainingConfig read(Task task, const std::string& text) {
    std::ofstream(path_) << text;
    return read_config(task, path_);
  }
  std::string error_of(Task task, const std::string& text) {
    try {
      read(task, text);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::malformed);
      const std::string message = error.what();
      EXPECT_THAT(message, ::testing::StartsWith(path_ + ": "));
      return message.substr(path_.size() + 2);
    }
    return "no error";
  }

 private:
  testing::TemporaryDirectory directory_;
  std::string path_ = (directory_.path() / "config.json").string();
};

TEST(Recipes, AreTheDefaults) {
  for (const Task task : kTasks) {
    const std::string file =
        std::string(BLIP_SOURCE_DIR "/recipes/") + std::string(name_of(task)) + ".json";
    std::ifstream stream(file);
    const std::string text(std::istreambuf_iterator<char>(stream), {});
    EXPECT_EQ(config_as_json(read_config(task, file)), config_as_json(default_config(task)))
        << file;
    // And they name every key.
    std::string group;
    std::istringstream lines(config_as_json(default_config(task)));
    for (std::string line; std::getline(lines, line);) {
      const std::size_t quote = line.find('"');
      if (quote == std::string::npos) continue;
      const std::string key = line.substr(quote, line.find('"', quote + 1) - quote + 1);
      EXPECT_THAT(text, HasSubstr(key + ":")) << file;
    }
  }
}

TEST(Recipes, HaveThePapersValues) {
  const TrainingConfig pretrain = default_config(Task::pretrain);
  EXPECT_EQ(pretrain.objective.queue_size, 57600);
  EXPECT_EQ(pretrain.optimizer.learning_rate, 3e-4);
  EXPECT_EQ(pretrain.optimizer.warmup_steps, 3000);
  EXPECT_EQ(pretrain.run.epochs, 20);
  EXPECT_EQ(pretrain.model.image_size, 224);
  EXPECT_EQ(default_config(Task::caption).data.prompt, "a picture of ");
  EXPECT_EQ(default_config(Task::vqa).model.image_size, 480);
  EXPECT_EQ(default_config(Task::nlvr).optimizer.learning_rate, 3e-5);
  EXPECT_EQ(default_config(Task::retrieval).evaluation.candidates, 256);
}

TEST_F(ConfigFile, OverridesOnlyWhatItNames) {
  const TrainingConfig config = read(Task::caption, R"({
    // the usual place
    "data": {"train": ["a.json", "b.json"], "images": "http://no//comment"},
    "optimizer": {"learning_rate": 3e-5} // of our own
  })");
  EXPECT_THAT(config.data.train, ::testing::ElementsAre("a.json", "b.json"));
  EXPECT_EQ(config.data.images, "http://no//comment");
  EXPECT_EQ(config.optimizer.learning_rate, 3e-5);
  EXPECT_EQ(config.run.epochs, 5);
}

TEST_F(ConfigFile, ReadsWhatItWrites) {
  for (const Task task : kTasks) {
    TrainingConfig config = default_config(task);
    config.data.train = {"x \"quoted\".json"};
    config.run.seed = 7;
    const std::string text = config_as_json(config);
    EXPECT_EQ(config_as_json(read(task, text)), text);
  }
}

TEST_F(ConfigFile, NamesTheKeyAndWhatIsAllowed) {
  EXPECT_EQ(error_of(Task::caption, R"({"optimizer": {"learning_rte": 1}})"),
            "unknown key \"optimizer.learning_rte\" for caption; did you mean "
            "optimizer.learning_rate?");
  EXPECT_EQ(error_of(Task::caption, R"({"objective": {"queue_size": 64}})"),
            "unknown key \"objective.queue_size\" for caption");
  EXPECT_THAT(error_of(Task::caption, R"({"optimiser": {}})"), HasSubstr("unknown key"));
  EXPECT_EQ(error_of(Task::caption, R"({"data": []})"), "data must be an object, not a list");
  EXPECT_EQ(error_of(Task::caption, R"({"data": {"batch": 0}})"),
            "data.batch must be a whole number of 1 to 65536, not 0");
  EXPECT_EQ(error_of(Task::caption, R"({"data": {"batch": 1.5}})"),
            "data.batch must be a whole number of 1 to 65536, not 1.5");
  EXPECT_THAT(error_of(Task::caption, R"({"data": {"batch": 18446744073709551615}})"),
              HasSubstr("data.batch must be"));
  EXPECT_EQ(error_of(Task::caption, R"({"optimizer": {"learning_rate": "1e-5"}})"),
            "optimizer.learning_rate must be a number of 0.0 to 1.0, not text \"1e-5\"");
  EXPECT_THAT(error_of(Task::caption, R"({"optimizer": {"learning_rate": null}})"),
              HasSubstr("not null"));
  EXPECT_EQ(error_of(Task::caption, R"({"run": {"device": "tpu"}})"),
            "run.device must be one of \"auto\", \"cpu\", \"cuda\", not text \"tpu\"");
  EXPECT_EQ(error_of(Task::caption, R"({"data": {"augment": 1}})"),
            "data.augment must be true or false, not 1");
  EXPECT_EQ(error_of(Task::caption, R"({"data": {"train": [1]}})"),
            "data.train must be a list of texts, not a list");
  EXPECT_THAT(error_of(Task::caption, "{\n// x\n\"data\": }"), HasSubstr("at line 3"));
}

TEST(SetOption, ReadsValuesOfEveryType) {
  TrainingConfig config = default_config(Task::retrieval);
  set_option(config, "optimizer.learning_rate=3e-5");
  set_option(config, "run.directory=runs/12");
  set_option(config, "data.images=12");
  set_option(config, "data.train=a=b.json");
  set_option(config, "data.validation=[\"x\", \"y\"]");
  set_option(config, "objective.negatives_from_all_ranks=false");
  EXPECT_EQ(config.optimizer.learning_rate, 3e-5);
  EXPECT_EQ(config.run.directory, "runs/12");
  EXPECT_EQ(config.data.images, "12");
  EXPECT_THAT(config.data.train, ::testing::ElementsAre("a=b.json"));
  EXPECT_THAT(config.data.validation, ::testing::ElementsAre("x", "y"));
  EXPECT_FALSE(config.objective.negatives_from_all_ranks);
}

TEST(SetOption, SaysWhatIsWrong) {
  TrainingConfig config = default_config(Task::caption);
  const auto error_of = [&](const std::string& assignment) -> std::string {
    try {
      set_option(config, assignment);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(error_of("run.epochs"), "--set: \"run.epochs\" is not GROUP.KEY=VALUE");
  EXPECT_THAT(error_of("run.epoch=3"), HasSubstr("did you mean run.epochs?"));
  EXPECT_EQ(error_of("run.epochs=many"),
            "--set: run.epochs must be a whole number of 1 to 100000, not text \"many\"");
}

TEST(CheckConfig, WantsAQueueThatBatchesDivide) {
  TrainingConfig config = default_config(Task::pretrain);
  EXPECT_NO_THROW(check_config(config, 8));
  config.data.batch = 77;
  try {
    check_config(config, 8);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("57600 is not a multiple of the 616"),
                                    HasSubstr("data.batch 75 would do")));
  }
  config = default_config(Task::caption);
  config.data.batch = 77;
  EXPECT_NO_THROW(check_config(config, 8));
}

TEST(CheckConfig, WantsNegatives) {
  TrainingConfig config = default_config(Task::retrieval);
  config.data.batch = 1;
  EXPECT_THROW(check_config(config, 1), Error);
  EXPECT_NO_THROW(check_config(config, 2));
  config.objective.negatives_from_all_ranks = false;
  EXPECT_THROW(check_config(config, 2), Error);
}

}  // namespace
}  // namespace blip::train
