// Runs of `blip train clip`: what they leave, judge and resume.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "architectures/clip/towers.hpp"
#include "blip/clip.hpp"
#include "blip/image.hpp"
#include "image/preprocess.hpp"
#include "same_checkpoints.hpp"
#include "small_clip.hpp"
#include "tasks/dual_encoder.hpp"
#include "train/model/clip_model.hpp"
#include "train/run/run_checkpoint.hpp"
#include "training_run.hpp"

namespace blip::train {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;

class ClipRun : public TrainingRun {
 protected:
  void SetUp() override {
    TrainingRun::SetUp();
    testing::write_small_clip(path() / "clip");
  }
  [[nodiscard]] std::string start() const { return "model.start=" + (path() / "clip").string(); }
};

TEST_F(ClipRun, LearnsIsJudgedAndLoaded) {
  train(Task::clip, "run",
        {start(), validation(), "data.augment=false", "data.batch=12", "run.max_steps=40",
         "optimizer.learning_rate=3e-3", "optimizer.warmup_steps=5"});
  const LogSeries series = log("run");
  EXPECT_THAT(series, Contains(Key("mean_recall")));
  EXPECT_THAT(series, Contains(Key("image_to_text")));
  const auto& losses = series.at("loss");
  EXPECT_LT(losses.back().value, 0.8 * losses.front().value);
  // The engine and the trainer say the same of what was saved.
  const CLIPModel model = CLIPModel::from_pretrained(path() / "run" / "model");
  EXPECT_EQ(model.config().vision_config.image_size, 16);
  const auto encoder = open_dual_encoder(path() / "run" / "best", {});
  EXPECT_EQ(encoder->tokens("a dog", TextStyle::hf).back(), 513);
}

TEST_F(ClipRun, ResumesToTheBit) {
  const std::vector<std::string> settings = {start(), "run.max_steps=6"};
  train(Task::clip, "whole", settings);
  train(Task::clip, "parts", {start(), "run.max_steps=3"});
  train(Task::clip, "parts", settings, {"--resume"});
  const RunState whole = load_checkpoint(path() / "whole");
  const RunState parts = load_checkpoint(path() / "parts");
  for (const auto& [name, tensor] : whole.model) {
    EXPECT_TRUE(tensor.equal(find_tensor(parts.model, name))) << name;
  }
}

TEST_F(ClipRun, TheScaleIsSavedWithinItsBounds) {
  train(Task::clip, "run",
        {start(), "optimizer.learning_rate=0.9", "optimizer.warmup_steps=1", "run.max_steps=8"});
  EXPECT_LE(CLIPModel::from_pretrained(path() / "run" / "model").similarity_scale(), 100.001F);
}

TEST_F(ClipRun, NeedsAClipToStartFrom) {
  const auto refused = [&](std::vector<std::string> settings) {
    const auto outcome =
        testing::Worker(testing::small_run(Task::clip, path(), "none", settings)).wait();
    EXPECT_EQ(outcome.exit_code, 2);
    return outcome.output;
  };
  EXPECT_THAT(refused({}), HasSubstr("no model to start from"));
  EXPECT_THAT(refused({start(), "data.batch=1"}), HasSubstr("data.batch of 1"));
  EXPECT_THAT(refused({std::string("model.start=") + BLIP_SOURCE_DIR "/tests/tasks/data/itm"}),
              HasSubstr("is no CLIP"));
}

}  // namespace
}  // namespace blip::train
