// `blip eval classify`: accuracy on folders, shards and lists, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dataset/shard_writer.hpp"
#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Json = nlohmann::json;

Outcome eval_classify(std::vector<std::string> words) {
  words.insert(words.begin(), {"eval", "classify"});
  return run_blip(words);
}

Json scores_of(std::vector<std::string> words) {
  words.insert(words.end(), {"--format", "json"});
  const Outcome run = eval_classify(words);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  return run.exit_code == 0 ? Json::parse(run.out) : Json();
}

void put(const Folder& folder, const std::string& photo, const std::string& name) {
  fs::create_directories(fs::path(folder / name).parent_path());
  fs::copy_file(photo_folder() + "/" + photo, folder / name);
}

// PyTorch's logits have the gull first and the table second to last for each of the photos.
struct Photos {
  Photos() {
    put(folder, "gull.jpg", "GULL/gull.jpg");
    put(folder, "cat.jpg", "GULL/cat.jpg");
    put(folder, "table.jpg", "Table/table.jpg");
  }
  Folder folder;
};

TEST(EvalClassify, FolderAsPyTorchClassifies) {
  const Photos photos;
  const std::string items = photos.folder / "items.jsonl";
  const Json scores = scores_of({"-m", task_model("classifier"), "--data",
                                 photos.folder.path().string(), "--per-image", items});
  EXPECT_EQ(scores["images"], 3);
  EXPECT_EQ(scores["classes"], 2);
  EXPECT_NEAR(scores["top1"], 200.0 / 3, 1e-9);
  EXPECT_NEAR(scores["mean_per_class"], 50.0, 1e-9);
  ASSERT_EQ(scores["by_class"].size(), 2U);
  for (const Json& each : scores["by_class"]) {
    const bool gull = each["label"] == "gull";
    EXPECT_EQ(each["images"], gull ? 2 : 1);
    EXPECT_EQ(each["top1"], gull ? 100.0 : 0.0);
  }
  const auto lines = json_lines(read_file(items));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(
      lines[0],
      Json({{"image", "GULL/cat.jpg"}, {"label", "gull"}, {"prediction", "gull"}, {"rank", 1}}));
}

// The right label's place among PyTorch's logits, counted here.
TEST(EvalClassify, ShardsHaveLabelsByNameOrNumber) {
  const Json reference = Json::parse(read_file(task_model("hybrid.json"))).at("classifier");
  const Folder folder;
  dataset::ShardWriter writer(folder.path() / "part");
  int first_five = 0;
  int first = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const auto logits = reference[i]["logits"].get<std::vector<double>>();
    const std::size_t label = i % logits.size();
    const auto better = std::count_if(logits.begin(), logits.end(),
                                      [&](double logit) { return logit > logits[label]; });
    first += better == 0 ? 1 : 0;
    first_five += better < 5 ? 1 : 0;
    const std::string bytes =
        read_file(photo_folder() + "/" + reference[i]["file"].get<std::string>());
    dataset::Sample sample;
    sample.key = std::to_string(i);
    sample.label = std::to_string(label);
    const auto* data = reinterpret_cast<const std::byte*>(bytes.data());
    sample.pictures.push_back({"p.jpg", {data, data + bytes.size()}});
    writer.write(sample);
  }
  writer.finish();
  const Json scores = scores_of(
      {"-m", task_model("classifier"), "--data", (folder.path() / "part-000000.tar").string()});
  const auto images = static_cast<double>(reference.size());
  EXPECT_NEAR(scores["top1"], 100 * first / images, 1e-9);
  EXPECT_NEAR(scores["top5"], 100 * first_five / images, 1e-9);
}

TEST(EvalClassify, ZeroShotChoosesAsClassifyDoes) {
  const Photos photos;
  const std::vector<std::string> labels = {
      "--labels", "gull,motorcycle,table", "--no-label-cache", "--template", "a photo of a {}",
      "-m",       task_model("itm")};
  const std::string items = photos.folder / "items.jsonl";
  std::vector<std::string> words = {"--data", photos.folder.path().string(), "--per-image", items};
  words.insert(words.end(), labels.begin(), labels.end());
  const Json scores = scores_of(words);
  EXPECT_EQ(scores["images"], 3);
  EXPECT_EQ(scores["top5"], 100.0);
  words = {"classify",    photos.folder.path().string(),
           "--recursive", "--no-exif-rotation",
           "--format",    "jsonl"};
  words.insert(words.end(), labels.begin(), labels.end());
  const auto found = json_lines(run_blip(words).out);
  const auto judged = json_lines(read_file(items));
  ASSERT_EQ(found.size(), judged.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(judged[i]["prediction"], found[i]["label"]);
  }
}

TEST(EvalClassify, RefusesClassesWithoutALabel) {
  const Photos photos;
  put(photos.folder, "cat.jpg", "walrus/cat.jpg");
  const Outcome run =
      eval_classify({"-m", task_model("classifier"), "--data", photos.folder.path().string()});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("\"walrus\" is none of the 7 labels"));
  const Folder list;
  put(list, "cat.jpg", "cat.jpg");
  const Outcome none = eval_classify({"-m", task_model("classifier"), "--data",
                                      list.file("list.json", R"([{"image": "cat.jpg"}])"),
                                      "--images", list.path().string()});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("cat.jpg: has no label"));
}

TEST(EvalClassify, TheTableNamesEveryClass) {
  const Photos photos;
  const Outcome run =
      eval_classify({"-m", task_model("classifier"), "--data", photos.folder.path().string()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("top-1"));
  EXPECT_THAT(run.out, HasSubstr("66.67\n"));
  EXPECT_THAT(run.out, HasSubstr("  gull"));
}

}  // namespace
}  // namespace blip::testing
