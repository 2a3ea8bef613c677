// `blip classify`: PyTorch's labels of the example photos, in every format.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;
using Json = nlohmann::json;

const Json& photos() {
  static const Json kPhotos = Json::parse(read_file(task_model("hybrid.json"))).at("classifier");
  return kPhotos;
}

std::string path_of(const Json& photo) {
  return photo_folder() + "/" + photo.at("file").get<std::string>();
}

Outcome classify(std::vector<std::string> words) {
  words.insert(words.begin(),
               {"classify", "--model", task_model("classifier"), "--no-exif-rotation"});
  return run_blip(words);
}

TEST(Classify, SaysWhatPyTorchSays) {
  const Outcome run = classify({photo_folder(), "--format", "jsonl", "--top", "3"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto lines = json_lines(run.out);
  ASSERT_EQ(lines.size(), photos().size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["path"], path_of(photos()[i]));
    const Json& labels = lines[i]["labels"];
    ASSERT_EQ(labels.size(), 3U);
    EXPECT_EQ(labels[0]["label"], photos()[i]["label"]);
    EXPECT_NEAR(labels[0]["score"], photos()[i]["score"].get<double>(), 1e-5);
    EXPECT_GE(labels[0]["score"], labels[1]["score"]);
    EXPECT_GE(labels[1]["score"], labels[2]["score"]);
    EXPECT_EQ(lines[i]["label"], labels[0]["label"]);
  }
}

TEST(Classify, OneImagePrintsItsLabelsAlone) {
  const Json& photo = photos()[0];
  const Outcome one = classify({path_of(photo), "--top", "1"});
  EXPECT_THAT(one.out,
              MatchesRegex("[01]\\.[0-9]{4}  " + photo["label"].get<std::string>() + "\n"));
  const Outcome two = classify({path_of(photo), path_of(photos()[1]), "--top", "1"});
  EXPECT_THAT(two.out, StartsWith(path_of(photo) + ": 0."));
  EXPECT_THAT(two.out, HasSubstr("\n" + path_of(photos()[1]) + ": 0."));
}

TEST(Classify, ThereAreNoMoreLabelsThanClasses) {
  const Outcome run = classify({path_of(photos()[0]), "--top", "100", "--format", "jsonl"});
  const auto lines = json_lines(run.out);
  ASSERT_EQ(lines.size(), 1U);
  ASSERT_EQ(lines[0]["labels"].size(), 7U);
  double sum = 0;
  for (const Json& label : lines[0]["labels"]) sum += label["score"].get<double>();
  EXPECT_NEAR(sum, 1.0, 1e-5);
}

TEST(Classify, CsvHasALineForEachLabel) {
  const Outcome run = classify({path_of(photos()[0]), "--format", "csv", "--top", "2"});
  EXPECT_THAT(run.out, StartsWith("path,label,score,error\r\n" + path_of(photos()[0]) + ","));
}

TEST(Classify, ResumesWhereItWas) {
  const Folder folder;
  const std::string file = folder / "labels.jsonl";
  ASSERT_EQ(classify({path_of(photos()[0]), "--output", file, "--top", "2"}).exit_code, 0);
  const std::string before = read_file(file);
  const Outcome run = classify({photo_folder(), "--output", file, "--top", "2", "--resume"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(read_file(file), StartsWith(before));
  EXPECT_EQ(json_lines(read_file(file)).size(), photos().size());
}

TEST(Classify, AnImageThatCannotBeReadIsNamed) {
  const Folder folder;
  const Outcome run = classify({folder / "missing.png", path_of(photos()[0])});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("missing.png"));
}

TEST(Classify, AModelWithoutClassesIsRefused) {
  const Outcome run = run_blip({"classify", path_of(photos()[0]), "--model", task_model("itm")});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("BlipForImageTextRetrieval has no classes"));
  const Outcome caption =
      run_blip({"caption", path_of(photos()[0]), "--model", task_model("classifier")});
  EXPECT_EQ(caption.exit_code, 2);
  EXPECT_THAT(caption.err, HasSubstr("EfficientNetLiteForImageClassification reads no texts"));
}

TEST(Classify, Int8FilesSayTheSame) {
  const Folder folder;
  ASSERT_EQ(
      run_blip({"convert", task_model("classifier"), folder / "int8", "--dtype", "int8"}).exit_code,
      0);
  EXPECT_LT(std::filesystem::file_size(folder / "int8/model.safetensors"),
            std::filesystem::file_size(task_model("classifier") + "/model.safetensors"));
  const Outcome run = run_blip({"classify", photo_folder(), "--model", folder / "int8",
                                "--no-exif-rotation", "--format", "jsonl", "--top", "7"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto lines = json_lines(run.out);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const Json& label : lines[i]["labels"]) {
      if (label["label"] != photos()[i]["label"]) continue;
      EXPECT_NEAR(label["score"], photos()[i]["score"].get<double>(), 0.02);
    }
  }
  // Float again, it is what int8 can say.
  ASSERT_EQ(run_blip({"convert", folder / "int8", folder / "f32", "--dtype", "f32"}).exit_code, 0);
  expect_same_to_rounding(
      run_blip({"classify", path_of(photos()[0]), "--model", folder / "f32"}).out,
      run_blip({"classify", path_of(photos()[0]), "--model", folder / "int8"}).out);
}

TEST(Classify, InspectShowsTheClassifier) {
  const Outcome run = run_blip({"inspect", task_model("classifier"), "--format", "json"});
  ASSERT_EQ(run.exit_code, 0) << run.out;
  const Json report = Json::parse(run.out);
  EXPECT_EQ(report["architecture"], "EfficientNetLiteForImageClassification");
  EXPECT_EQ(report["commands"], Json::array({"classify"}));
  EXPECT_EQ(report["classes"]["num_labels"], 7);
  EXPECT_EQ(report["problems"], Json::array());
  EXPECT_FALSE(report.contains("tokenizer"));
  EXPECT_FALSE(report.contains("stored_generation"));
}

std::string dtype_of(const Json& tensors, const std::string& name) {
  for (const Json& tensor : tensors) {
    if (tensor["name"] == name) return tensor["dtype"].get<std::string>();
  }
  return "";
}

// The bundled model's stem, depthwise layers and first stages keep what they had.
TEST(Classify, Int8IsMadeOfTheLargeConvolutions) {
  const Folder folder;
  ASSERT_EQ(run_blip({"convert", "nano-classifier", folder / "f16", "--dtype", "f16"}).exit_code,
            0);
  ASSERT_EQ(run_blip({"convert", folder / "f16", folder / "int8", "--dtype", "int8"}).exit_code, 0);
  const Outcome report = run_blip({"inspect", folder / "int8", "--tensors", "--format", "json"});
  EXPECT_EQ(report.exit_code, 0) << report.out;
  const Json tensors = Json::parse(report.out)["tensors"];
  const std::string encoder = "efficientnet.encoder.";
  EXPECT_EQ(dtype_of(tensors, "classifier.weight"), "I8");
  EXPECT_EQ(dtype_of(tensors, encoder + "top_conv.weight"), "I8");
  EXPECT_EQ(dtype_of(tensors, encoder + "top_conv.weight_scale"), "F32");
  EXPECT_EQ(dtype_of(tensors, encoder + "blocks.20.expansion.expand_conv.weight"), "I8");
  EXPECT_EQ(dtype_of(tensors, encoder + "blocks.0.projection.project_conv.weight"), "F16");
  EXPECT_EQ(dtype_of(tensors, encoder + "blocks.20.depthwise_conv.depthwise_conv.weight"), "F16");
  EXPECT_EQ(dtype_of(tensors, "efficientnet.embeddings.convolution.weight"), "F16");
  EXPECT_EQ(run_blip({"classify", photo_folder(), "--model", folder / "int8"}).exit_code, 0);
}

TEST(Classify, HybridModelsConvertToInt8) {
  const Folder folder;
  ASSERT_EQ(
      run_blip({"convert", task_model("hybrid"), folder / "int8", "--dtype", "int8"}).exit_code, 0);
  const Outcome caption = run_blip({"caption", photo_folder(), "--model", folder / "int8"});
  EXPECT_EQ(caption.exit_code, 0) << caption.err;
  // Arithmetic in int8 of the same file.
  const Outcome integers =
      run_blip({"caption", photo_folder(), "--model", folder / "int8", "--dtype", "int8"});
  EXPECT_EQ(integers.out, caption.out);
}

}  // namespace
}  // namespace blip::testing
