// Runs of hybrid models: from a backbone, a BERT and a vocabulary of its own, with a feature cache.
#include <nlohmann/json.hpp>

#include <fstream>
#include <set>

#include "architectures/efficientnet_lite/config.hpp"
#include "blip/conditional_generation.hpp"
#include "blip/config.hpp"
#include "same_checkpoints.hpp"
#include "train/model/efficientnet_lite.hpp"
#include "train/model/text_transformer.hpp"
#include "train/optimizer/adamw.hpp"
#include "train/run/run_checkpoint.hpp"
#include "train/run/tensor_file.hpp"
#include "training_run.hpp"

namespace blip::train {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using testing::small_run;
using testing::Worker;
using testing::WorkerOutcome;

torch::Generator generator_of(std::uint64_t seed) {
  return at::detail::createCPUGenerator(seed);
}

EfficientNetLiteConfig small_backbone() {
  EfficientNetLiteConfig config;
  config.depth_divisor = 2;
  config.kernel_sizes = {3, 5};
  config.in_channels = {4, 4};
  config.out_channels = {4, 6};
  config.strides = {1, 2};
  config.num_block_repeats = {1, 2};
  config.expand_ratios = {1, 3};
  config.hidden_dim = 10;
  return config;
}

class HybridRun : public TrainingRun {
 protected:
  void SetUp() override {
    TrainingRun::SetUp();
    write_backbone();
    write_bert();
    std::ofstream fewer(path() / "fewer.txt");
    for (const char* word : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "here", "the", "dog", "cat",
                             "bird", "fish", "a", "red", "blue", "green"}) {
      fewer << word << '\n';
    }
  }

  // Settings of a hybrid model, then `more`.
  [[nodiscard]] std::vector<std::string> hybrid(const std::vector<std::string>& more = {},
                                                Task task = Task::caption) const {
    std::vector<std::string> settings = {
        "model.backbone=" + (path() / "backbone").string(),
        "model.bert=" + (path() / "bert").string(),
        "architecture.vocabulary=" + (path() / "fewer.txt").string(),
        "architecture.text_layers=1",
        "model.image_size=18",
        "data.augment=false"};
    if (task == Task::caption) settings.emplace_back("data.prompt=");
    settings.insert(settings.end(), more.begin(), more.end());
    return settings;
  }
  [[nodiscard]] std::string cache() const {
    return "data.feature_cache=" + (path() / "features").string();
  }
  [[nodiscard]] std::vector<double> losses(const std::string& run) const {
    std::vector<double> values;
    const LogSeries series = log(run);
    for (const LogPoint& point : series.at("loss")) values.push_back(point.value);
    return values;
  }
  [[nodiscard]] std::string error_of(Task task, const std::vector<std::string>& settings) const {
    const WorkerOutcome outcome = Worker(small_run(task, path(), "none", settings)).wait();
    EXPECT_EQ(outcome.exit_code, 2) << outcome.output;
    return outcome.output;
  }

  Parameters bert;

 private:
  void write_backbone() const {
    const std::filesystem::path directory = path() / "backbone";
    std::filesystem::create_directories(directory);
    Parameters parameters;
    add_efficientnet_lite(parameters, "efficientnet.", small_backbone(), Role::trained);
    parameters.initialise(generator_of(3));
    write_tensor_file(directory / "model.safetensors", parameters.named_state());
    std::ofstream(directory / "config.json") << efficientnet_lite_json(small_backbone());
    std::ofstream(directory / "preprocessor_config.json")
        << R"({"image_mean":[0.4,0.5,0.6],"image_std":[0.5,0.5,0.5]})";
  }

  // 2 layers, the words of vocab.txt.
  void write_bert() {
    const std::filesystem::path directory = path() / "bert";
    std::filesystem::create_directories(directory);
    BlipTextConfig config;
    config.vocab_size = 23;
    config.hidden_size = 16;
    config.intermediate_size = 64;
    config.num_hidden_layers = 2;
    config.num_attention_heads = 2;
    config.max_position_embeddings = 40;
    add_text_transformer(bert, "", config, 16, 0.1, Role::trained);
    bert.add("embeddings.token_type_embeddings.weight", {2, 16}, Role::trained,
             {InitialValue::Kind::normal, 0.1});
    bert.initialise(generator_of(4));
    write_tensor_file(directory / "model.safetensors", bert.named_state());
    std::filesystem::copy_file(path() / "vocab.txt", directory / "vocab.txt");
    std::ofstream(directory / "config.json")
        << R"({"model_type":"bert","vocab_size":23,"hidden_size":16,"intermediate_size":64,)"
        << R"("num_hidden_layers":2,"num_attention_heads":2,"max_position_embeddings":40})";
  }
};

TEST_F(HybridRun, StartsFromBackboneAndBertAndIsLoaded) {
  train(Task::caption, "run",
        hybrid({validation(), "optimizer.learning_rate=0", "optimizer.min_learning_rate=0",
                "optimizer.warmup_learning_rate=0"}));
  const NamedTensors model = load_checkpoint(path() / "run").model;
  const NamedTensors backbone = read_tensor_file(path() / "backbone" / "model.safetensors");
  EXPECT_TRUE(find_tensor(model, "vision_model.embeddings.backbone.encoder.top_conv.weight")
                  .equal(find_tensor(backbone, "efficientnet.encoder.top_conv.weight")));
  // "the" is the eighth word of BERT's and the sixth here; [DEC] and [ENC] are new.
  const torch::Tensor words =
      find_tensor(model, "text_decoder.bert.embeddings.word_embeddings.weight");
  const torch::Tensor theirs = bert.find("embeddings.word_embeddings.weight")->tensor;
  EXPECT_EQ(words.size(0), 17);  // with [MASK], which the tokenizer adds
  EXPECT_TRUE(words[5].equal(theirs[7]));
  EXPECT_TRUE(words[4].equal(theirs[15]));
  // BERT's sum for a word at a place, of its first sentence.
  const torch::Tensor places = bert.find("embeddings.position_embeddings.weight")->tensor +
                               bert.find("embeddings.token_type_embeddings.weight")->tensor[0];
  EXPECT_TRUE(find_tensor(model, "text_decoder.bert.embeddings.position_embeddings.weight")
                  .allclose(places.slice(0, 0, 20)));

  const BlipConfig config = BlipConfig::from_pretrained(path() / "run" / "model");
  ASSERT_TRUE(config.vision_config.backbone_config.has_value());
  EXPECT_EQ(config.vision_config.backbone_config->hidden_dim, 10);
  const auto images = BlipImageProcessorConfig::from_pretrained(path() / "run" / "model");
  EXPECT_FLOAT_EQ(images.image_mean[2], 0.6F);
  EXPECT_EQ(images.height, 18);
  BlipForConditionalGeneration::from_pretrained(path() / "run" / "best");
  EXPECT_THAT(log("run"), Contains(Key("cider")));
}

TEST_F(HybridRun, LearnsTheBackboneOnlyWhenToldTo) {
  const auto changed = [&](const std::string& run) {
    const NamedTensors before = read_tensor_file(path() / "backbone" / "model.safetensors");
    std::set<bool> changes;
    for (const auto& [name, tensor] : load_checkpoint(path() / run).model) {
      const std::string prefix = "vision_model.embeddings.backbone.";
      if (!name.starts_with(prefix)) continue;
      const torch::Tensor old = find_tensor(before, "efficientnet." + name.substr(prefix.size()));
      if (name.find("running_") != std::string::npos) {
        EXPECT_TRUE(tensor.equal(old)) << name;
      } else {
        changes.insert(!tensor.equal(old));
      }
    }
    return changes;
  };
  for (const Task task : {Task::caption, Task::retrieval, Task::vqa, Task::nlvr}) {
    const std::string run(name_of(task));
    SCOPED_TRACE(run);
    train(task, run, hybrid({}, task));
    EXPECT_EQ(changed(run), std::set<bool>{false});
    for (const auto& [name, tensor] : load_checkpoint(path() / run).optimizer) {
      EXPECT_FALSE(is_of_backbone(name)) << name;
    }
    train(task, run + "-all", hybrid({"optimizer.backbone_learning_rate_factor=0.5"}, task));
    EXPECT_EQ(changed(run + "-all"), std::set<bool>{true});
    // Another training starts from it.
    train(task, run + "-on",
          {"model.start=" + (path() / run / "model").string(), "model.image_size=18"});
  }
}

TEST_F(HybridRun, CachedFeaturesChangeNothing) {
  const std::vector<std::string> flips = {"data.flip=true", "model.dropout=0"};
  const auto with = [&](const std::string& setting) {
    std::vector<std::string> all = hybrid(flips);
    all.push_back(setting);
    return all;
  };
  train(Task::caption, "plain", hybrid(flips));
  train(Task::caption, "filling", with(cache()));
  train(Task::caption, "filled", with(cache()));
  EXPECT_EQ(losses("filling"), losses("filled"));
  const std::vector<double> plain = losses("plain");
  const std::vector<double> filled = losses("filled");
  ASSERT_EQ(plain.size(), filled.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_NEAR(plain[i], filled[i], 1e-3 * plain[i]);
  }
  // The second run found everything.
  const std::filesystem::directory_iterator files(path() / "features");
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST_F(HybridRun, LearnsWhereSentencesAre) {
  const std::string space = "objective.sentence_space=" + (path() / "bert").string();
  train(Task::retrieval, "run",
        hybrid({space, "run.max_steps=40", "model.dropout=0"}, Task::retrieval));
  const LogSeries series = log("run");
  EXPECT_LT(series.at("sentence").back().value, series.at("sentence").front().value);
  // Its layer is the run's alone, and new where another run starts.
  for (const auto& [name, tensor] :
       read_tensor_file(path() / "run" / "model" / "model.safetensors")) {
    EXPECT_FALSE(name.starts_with("sentence_proj")) << name;
  }
  train(Task::retrieval, "next",
        {space, "model.start=" + (path() / "run" / "model").string(), "model.image_size=18"});
  train(Task::retrieval, "run", hybrid({space, "run.max_steps=42"}, Task::retrieval), {"--resume"});
  EXPECT_THAT(
      error_of(Task::retrieval, {"objective.sentence_space=" + (path() / "backbone").string()}),
      HasSubstr("backbone"));
  EXPECT_THAT(error_of(Task::caption, {space}), HasSubstr("unknown key"));
}

TEST_F(HybridRun, SaysWhatCannotBe) {
  EXPECT_THAT(error_of(Task::caption, {cache()}), HasSubstr("it needs a hybrid model"));
  EXPECT_THAT(
      error_of(Task::caption, hybrid({cache(), "optimizer.backbone_learning_rate_factor=1"})),
      HasSubstr("backbone_learning_rate_factor 0"));
  EXPECT_THAT(error_of(Task::caption, hybrid({cache(), "data.augment=true"})),
              HasSubstr("data.feature_cache needs data.augment false"));
  std::ofstream(path() / "fewer.txt", std::ios::app) << "zebra\n";
  EXPECT_THAT(error_of(Task::caption, hybrid()), HasSubstr("piece \"zebra\" is not one of"));
  std::ofstream(path() / "backbone" / "config.json") << R"({"model_type":"resnet"})";
  EXPECT_THAT(error_of(Task::caption, hybrid()), HasSubstr("resnet"));
}

}  // namespace
}  // namespace blip::train
