// `blip inspect` on the bundled model and on damaged copies of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "original_checkpoint.hpp"
#include "pictures.hpp"
#include "program.hpp"
#include "tests/checkpoint/tensor_files.hpp"

namespace blip::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using Json = nlohmann::json;

const std::filesystem::path kNano = std::filesystem::path(BLIP_SOURCE_DIR) / "tests/models/nano";

// A copy of the bundled model whose big file is a link.
void copy_model(const Folder& folder) {
  std::filesystem::create_directory(folder / "model");
  for (const auto& entry : std::filesystem::directory_iterator(kNano)) {
    const auto target = folder.path() / "model" / entry.path().filename();
    if (entry.path().extension() == ".safetensors") {
      std::filesystem::create_symlink(entry.path(), target);
    } else {
      std::filesystem::copy_file(entry.path(), target);
    }
  }
}

Json inspect(const std::string& model, int expected_code) {
  const Outcome run = run_blip({"inspect", model, "--tensors", "--format", "json"});
  EXPECT_EQ(run.exit_code, expected_code) << run.err;
  return Json::parse(run.out);
}

TEST(Inspect, TellsWhatTheBundledModelIs) {
  const Json report = inspect("nano", 0);
  EXPECT_EQ(report["architecture"], "BlipForConditionalGeneration");
  EXPECT_EQ(report["vision"]["image_size"], 112);
  EXPECT_EQ(report["text"]["vocab_size"], 3607);
  EXPECT_EQ(report["tokenizer"]["tokens"], 3605);
  EXPECT_EQ(report["preprocessing"]["resample"], "bicubic");
  EXPECT_EQ(report["problems"], Json::array());

  std::int64_t parameters = 0;
  for (const Json& tensor : report["tensors"]) {
    std::int64_t elements = 1;
    for (const Json& size : tensor["shape"]) elements *= size.get<std::int64_t>();
    parameters += elements;
  }
  EXPECT_EQ(report["parameters"], parameters);
  EXPECT_EQ(report["expected_parameters"], parameters);
  EXPECT_EQ(report["container"], "safetensors");
  EXPECT_EQ(report["commands"], Json::array({"caption"}));
  EXPECT_EQ(report["missing_tensors"], Json::array());
  EXPECT_EQ(report["inferred"], false);
  EXPECT_EQ(report["towers"]["vision_model"].get<std::int64_t>() +
                report["towers"]["text_decoder"].get<std::int64_t>(),
            parameters);
  std::vector<std::string> files;
  for (const Json& file : report["files"]) files.push_back(file["name"]);
  EXPECT_THAT(files, Contains("model.safetensors"));
}

TEST(Inspect, TextSaysTheSame) {
  const Outcome run = run_blip({"inspect"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, HasSubstr("BlipForConditionalGeneration"));
  EXPECT_THAT(run.out, HasSubstr("260 px, EfficientNet-Lite to 9 x 9 places"));
  EXPECT_THAT(run.out, HasSubstr("Ready for      blip caption"));
  EXPECT_THAT(run.out, HasSubstr("Format         safetensors"));
  EXPECT_THAT(run_blip({"inspect", "nano", "-t"}).out,
              HasSubstr("vision_model.embeddings.class_embedding"));
}

TEST(Inspect, JsonlIsOneLine) {
  const Outcome run = run_blip({"inspect", "--format", "jsonl"});
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 1);
  EXPECT_TRUE(Json::parse(run.out).is_object());
}

TEST(Inspect, ANamedModelWinsOverTheEnvironment) {
  const Outcome run = run_blip({"inspect", "nano"}, {.environment = {{"BLIP_MODEL", "nowhere"}}});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run_blip({"inspect"}, {.environment = {{"BLIP_MODEL", "nowhere"}}}).exit_code, 2);
}

TEST(Inspect, NoSuchModelIsTwo) {
  const Outcome run = run_blip({"inspect", "no-such-model"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("no-such-model"));
}

TEST(Inspect, WhatIsMissingIsAProblemAndTheRestIsShown) {
  const Folder folder;
  copy_model(folder);
  std::filesystem::remove(folder / "model/vocab.txt");
  const Json report = inspect(folder / "model", 1);
  EXPECT_EQ(report["problems"].size(), 1U);
  EXPECT_FALSE(report.contains("tokenizer"));
  EXPECT_GT(report["parameters"], 1'000'000);

  std::filesystem::remove(folder / "model/model.safetensors");
  EXPECT_EQ(inspect(folder / "model", 1)["problems"].size(), 2U);
}

TEST(Inspect, ATensorThatContradictsTheConfigurationIsNamed) {
  const Folder folder;
  copy_model(folder);
  Json config = Json::parse(read_file(folder / "model/config.json"));
  config["vision_config"]["num_hidden_layers"] = 7;  // the file has six
  write_file(folder / "model/config.json", config.dump());
  const Json report = inspect(folder / "model", 1);
  ASSERT_EQ(report["problems"].size(), 1U);
  EXPECT_THAT(report["problems"][0].get<std::string>(), HasSubstr("vision_model.encoder.layers.6"));
  EXPECT_EQ(report["missing_tensors"].size(), 12U);
  EXPECT_EQ(report["missing_tensors"][0], "vision_model.encoder.layers.6.layer_norm1.weight [256]");
  EXPECT_THAT(run_blip({"inspect", folder / "model"}).out,
              HasSubstr("vision_model.* (12 tensors), the first: vision_model.encoder.layers.6."));

  config["vision_config"]["num_hidden_layers"] = 5;
  write_file(folder / "model/config.json", config.dump());
  const Json fewer = inspect(folder / "model", 0);
  EXPECT_THAT(fewer["ignored_tensors"].dump(), HasSubstr("vision_model.encoder.layers.5."));
}

TEST(Inspect, CountsInt8AsWhatItStandsFor) {
  const Folder folder;
  ASSERT_EQ(run_blip({"convert", "nano", folder / "int8", "--dtype", "int8"}).exit_code, 0);
  const Json before = inspect("nano", 0);
  const Json after = inspect(folder / "int8", 0);
  for (const char* same : {"parameters", "expected_parameters", "towers", "commands"}) {
    EXPECT_EQ(after[same], before[same]) << same;
  }
  EXPECT_EQ(after["missing_tensors"], Json::array());
  EXPECT_EQ(after["ignored_tensors"], Json::array());
  EXPECT_EQ(after["problems"], Json::array());
  // Each int8 matrix has its scales in float32.
  EXPECT_EQ(after["dtypes"]["I8"], after["dtypes"]["F32"]);
  EXPECT_GT(after["dtypes"]["I8"], 50);
}

TEST(Inspect, NamesTheScalesThatAreMissing) {
  const Folder folder;
  const BlipConfig config = small_published_config("BlipForImageTextRetrieval");
  const auto without = [](const std::string& name) {
    return name == "itm_head.weight_scale" ? std::string() : name;
  };
  const Json report =
      inspect(folder.file("model.safetensors", int8_tensor_file(config, without)), 1);
  EXPECT_EQ(report["missing_tensors"], Json::array({"itm_head.weight_scale [2, 1]"}));
}

TEST(Inspect, TellsEveryArchitectureFromACheckpointAlone) {
  const Folder folder;
  const std::vector<std::pair<std::string, Json>> commands = {
      {"BlipForConditionalGeneration", {"caption"}},
      {"BlipForQuestionAnswering", {"ask"}},
      {"BlipForImageTextRetrieval", {"match", "embed", "rank"}},
      {"BlipForNLVR", {"reason"}},
      {"BlipModel", {"embed"}}};
  for (const auto& [architecture, expected] : commands) {
    SCOPED_TRACE(architecture);
    const BlipConfig config = small_published_config(architecture);
    const Json report = inspect(folder.file("model.safetensors", tensor_file(config)), 0);
    EXPECT_EQ(report["architecture"], architecture);
    EXPECT_EQ(report["commands"], expected);
    EXPECT_EQ(report["inferred"], true);
    EXPECT_EQ(report["problems"], Json::array());
    EXPECT_EQ(report["expected_parameters"], parameter_count(config));
    EXPECT_EQ(report["preprocessing"]["width"], 24);
    EXPECT_EQ(report["tokenizer"]["tokens"], 30522);
    EXPECT_EQ(report["files"].size(), 1U);

    const Json without = inspect(
        folder.file("model.safetensors", tensor_file(config,
                                                     [](const std::string& name) {
                                                       return name.ends_with("fc2.bias") ? ""
                                                                                         : name;
                                                     })),
        1);
    EXPECT_EQ(without["missing_tensors"],
              Json::array({"vision_model.encoder.layers.0.mlp.fc2.bias [128]",
                           "vision_model.encoder.layers.1.mlp.fc2.bias [128]"}));
  }
}

TEST(Inspect, ShowsWhatTrainingLeftInAnOriginalCheckpoint) {
  const Folder folder;
  const std::string file = folder.file(
      "model_base.pth", original_checkpoint(small_published_config("BlipForImageTextRetrieval"),
                                            {"temp", "text_proj_m.bias"}));
  const Json report = inspect(file, 0);
  EXPECT_EQ(report["container"], "PyTorch zip");
  EXPECT_EQ(report["original_names"], true);
  EXPECT_EQ(report["ignored_tensors"], Json::array({"temp", "text_proj_m.bias"}));
  EXPECT_THAT(run_blip({"inspect", file}).out,
              HasSubstr("(no config.json; told from the tensors)"));
}

}  // namespace
}  // namespace blip::testing
