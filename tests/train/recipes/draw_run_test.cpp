// Runs of `blip train vqgan` and `blip train draw`: what they leave, judge and resume.
#include <nlohmann/json.hpp>

#include "blip/context.hpp"
#include "blip/dalle.hpp"
#include "blip/dalle_tokenizer.hpp"
#include "same_checkpoints.hpp"
#include "train/run/run_checkpoint.hpp"
#include "training_run.hpp"

namespace blip::train {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;

class DrawRun : public TrainingRun {
 protected:
  void SetUp() override {
    TrainingRun::SetUp();
    train(Task::vqgan, "vqgan",
          {validation(), "data.augment=false", "data.flip=true", "data.batch=12",
           "run.max_steps=60", "optimizer.learning_rate=1e-2", "optimizer.warmup_steps=5"});
  }
  void expect_same_model(const std::string& one, const std::string& other) const {
    const RunState left = load_checkpoint(path() / one);
    const RunState right = load_checkpoint(path() / other);
    for (const auto& [name, tensor] : left.model) {
      EXPECT_TRUE(tensor.equal(find_tensor(right.model, name))) << name;
    }
  }
  [[nodiscard]] std::string refused(Task task, const std::vector<std::string>& settings) const {
    const auto outcome = testing::Worker(testing::small_run(task, path(), "none", settings)).wait();
    EXPECT_EQ(outcome.exit_code, 2);
    return outcome.output;
  }
};

TEST_F(DrawRun, LearnsIsJudgedAndDraws) {
  const LogSeries pictures = log("vqgan");
  const auto& rebuilt = pictures.at("reconstruction");
  EXPECT_LT(rebuilt.back().value, 0.6 * rebuilt.front().value);
  for (const char* name : {"codebook", "commitment", "used_codes", "validation_reconstruction"}) {
    EXPECT_THAT(pictures, Contains(Key(name)));
  }
  train(Task::draw, "draw",
        {validation(), "data.batch=12", "run.max_steps=40", "optimizer.learning_rate=1e-2",
         "optimizer.warmup_steps=5"});
  const LogSeries drawing = log("draw");
  EXPECT_LT(drawing.at("loss").back().value, 0.6 * drawing.at("loss").front().value);
  EXPECT_THAT(drawing, Contains(Key("validation_loss")));

  const std::filesystem::path model = path() / "draw" / "best";
  const DalleModel engine = DalleModel::from_pretrained(model);
  EXPECT_TRUE(engine.ignored_tensors().empty());
  EXPECT_EQ(engine.config().image_length, 16);
  Context context{{.num_threads = 1}};
  const auto ids = DalleTokenizer::from_pretrained(model).encode("a red dog");
  const Tensor states = engine.encode_text(ids, context);
  const auto codes = engine.draw_codes(states, {.top_k = 1}, context);
  EXPECT_EQ(engine.decode_codes(codes, context).shape, (std::vector<std::int64_t>{1, 16, 16, 3}));
}

TEST_F(DrawRun, ResumesToTheBit) {
  const std::vector<std::string> restarting = {"run.max_steps=6",
                                               "objective.code_restart_share=0.5"};
  train(Task::vqgan, "whole", restarting);
  train(Task::vqgan, "parts", {"run.max_steps=3", restarting.back()});
  train(Task::vqgan, "parts", restarting, {"--resume"});
  expect_same_model("whole", "parts");
  // Prompts are left out by chance.
  const std::vector<std::string> dropping = {"run.max_steps=6", "objective.prompt_dropout=0.5",
                                             "data.flip=true"};
  train(Task::draw, "whole-drawing", dropping);
  train(Task::draw, "drawing-parts", {"run.max_steps=3", dropping[1], dropping[2]});
  train(Task::draw, "drawing-parts", dropping, {"--resume"});
  expect_same_model("whole-drawing", "drawing-parts");
}

TEST_F(DrawRun, IsNotResumedWithAnotherVqgan) {
  train(Task::draw, "draw", {"run.max_steps=3"});
  std::filesystem::remove_all(path() / "vqgan");
  train(Task::vqgan, "vqgan", {"run.max_steps=1", "run.seed=7", "data.augment=false"});
  std::vector<std::string> words =
      testing::small_run(Task::draw, path(), "draw", {"run.max_steps=6"});
  words.emplace_back("--resume");
  const auto outcome = testing::Worker(words).wait();
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("model.vqgan: another model than the one that"));
}

TEST_F(DrawRun, GoesOnFromWhatIsThere) {
  train(Task::vqgan, "further",
        {"model.start=" + (path() / "vqgan" / "model").string(), "data.augment=false",
         "data.batch=12"});
  EXPECT_LT(log("further").at("reconstruction").front().value,
            log("vqgan").at("reconstruction").front().value);
  train(Task::draw, "draw",
        {"run.max_steps=30", "optimizer.learning_rate=1e-2", "optimizer.warmup_steps=5"});
  train(Task::draw, "more", {"model.start=" + (path() / "draw" / "model").string()});
  EXPECT_LT(log("more").at("loss").front().value, log("draw").at("loss").front().value);
  // Its codes mean nothing to a VQGAN that was trained on, though it has the same sizes.
  EXPECT_THAT(refused(Task::draw, {"model.start=" + (path() / "draw" / "model").string(),
                                   "model.vqgan=" + (path() / "further" / "model").string()}),
              HasSubstr("draws with another VQGAN"));
}

TEST_F(DrawRun, NeedsWhatItReads) {
  EXPECT_THAT(refused(Task::draw, {"model.vqgan="}), HasSubstr("no VQGAN: model.vqgan"));
  EXPECT_THAT(refused(Task::draw, {"architecture.vocabulary="}), HasSubstr("no tokenizer"));
  EXPECT_THAT(refused(Task::draw, {"architecture.decoder_attention_heads=3"}),
              HasSubstr("architecture"));
  EXPECT_THAT(refused(Task::vqgan, {"architecture.resolution=18"}),
              HasSubstr("cannot be halved 2 times"));
  EXPECT_THAT(refused(Task::vqgan, {"architecture.norm_groups=5"}), HasSubstr("5 groups"));
  EXPECT_THAT(refused(Task::vqgan, {"architecture.ch_mult=[1,true]"}), HasSubstr("ch_mult"));
  EXPECT_THAT(refused(Task::draw, {"model.start=" BLIP_SOURCE_DIR "/tests/tasks/data/itm"}),
              HasSubstr("not DALL-E"));
}

}  // namespace
}  // namespace blip::train
