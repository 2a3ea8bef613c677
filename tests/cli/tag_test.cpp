// `blip tag`, and `blip classify` with labels of one's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

std::string cat() {
  return photo_folder() + "/cat.jpg";
}

// Its answers mean nothing; what is tested is what is made of its cosines.
Outcome with_model(std::vector<std::string> words) {
  words.insert(words.begin() + 1, {"--model", task_model("itm"), "--no-label-cache"});
  return run_blip(words);
}

// The cosines of `texts` with the photo of the cat, as `blip match` prints them.
std::vector<double> cosines(const std::vector<std::string>& texts) {
  std::vector<std::string> words = {"match",    "--model", task_model("itm"),
                                    "--format", "jsonl",   cat()};
  words.insert(words.end(), texts.begin(), texts.end());
  std::vector<double> values;
  const auto lines = json_lines(run_blip(words).out);
  for (const Json& line : lines) values.push_back(line["itc"]);
  return values;
}

TEST(ClassifyByLabels, ScoresAreASoftmaxOfTheScaledCosines) {
  const Outcome run = with_model({"classify", cat(), "--labels", "a cat, a dog,a bird",
                                  "--template", "a photo of {}", "--format", "jsonl"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json labels = json_lines(run.out).at(0)["labels"];
  ASSERT_EQ(labels.size(), 3U);
  const std::vector<std::string> names = {"a cat", "a dog", "a bird"};
  const std::vector<double> found =
      cosines({"a photo of a cat", "a photo of a dog", "a photo of a bird"});
  double sum = 0.0;
  for (const double cosine : found) sum += std::exp(cosine / 0.07);
  for (const Json& label : labels) {
    const auto index =
        std::find(names.begin(), names.end(), label["label"].get<std::string>()) - names.begin();
    ASSERT_LT(index, 3);
    EXPECT_NEAR(label["score"], std::exp(found[static_cast<std::size_t>(index)] / 0.07) / sum,
                1e-5);
  }
  EXPECT_GE(labels[0]["score"], labels[1]["score"]);
}

TEST(ClassifyByLabels, LabelsComeFromFilesAndWords) {
  const Folder folder;
  std::ofstream(folder / "labels.txt") << "a cat\n\na dog, asleep\na cat\n";
  const Outcome run = with_model({"classify", cat(), "--labels", folder / "labels.txt", "--labels",
                                  "a bird,a cat", "--top", "9", "--format", "jsonl"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  std::vector<std::string> names;
  const Json record = json_lines(run.out).at(0);
  for (const Json& label : record["labels"]) names.push_back(label["label"]);
  std::sort(names.begin(), names.end());
  EXPECT_THAT(names, ElementsAre("a bird", "a cat", "a dog, asleep"));
}

TEST(ClassifyByLabels, RefusesWhatHasNoPlaceForTheLabel) {
  const Outcome no_place =
      with_model({"classify", cat(), "--labels", "cat,dog", "--template", "a photo"});
  EXPECT_EQ(no_place.exit_code, 2);
  EXPECT_THAT(no_place.err, HasSubstr("--template 'a photo' has no {}"));
  const Outcome no_labels = with_model({"classify", cat(), "--labels", " , "});
  EXPECT_EQ(no_labels.exit_code, 2);
  EXPECT_THAT(no_labels.err, HasSubstr("--labels names no label"));
}

TEST(ClassifyByLabels, AFileThatIsNotThereIsNoLabel) {
  const Outcome run = run_blip({"classify", "x.jpg", "--labels", "Cat.txt"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("--labels Cat.txt: there is no such file"));
  EXPECT_THAT(run_blip({"classify", "x.jpg", "--template", "a {}"}).err,
              HasSubstr("--template needs --labels"));
  EXPECT_THAT(run_blip({"tag", "x.jpg", "--margin", "nan"}).err, HasSubstr("--margin"));
}

TEST(ClassifyByLabels, AClassifierHasNoOthers) {
  const Outcome run =
      run_blip({"classify", cat(), "--model", task_model("classifier"), "--labels", "cat,dog"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("does not embed images and texts"));
}

TEST(Tag, ScoresAreCosinesAboveTheBackgrounds) {
  const Folder folder;
  std::ofstream(folder / "background.txt") << "a photo\nanything\n";
  const Outcome run = with_model({"tag", cat(), "--labels", "a cat,a dog,a bird,a table",
                                  "--template", "{}", "--margin", "-2", "--background",
                                  folder / "background.txt", "--format", "jsonl"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json record = json_lines(run.out).at(0);
  ASSERT_EQ(record["tags"].size(), 4U);
  ASSERT_EQ(record["scores"].size(), 4U);
  const std::vector<double> background = cosines({"a photo", "anything"});
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(record["scores"][i],
                cosines({record["tags"][i], "a"})[0] - std::max(background[0], background[1]),
                1e-5);
    EXPECT_LE(record["scores"][i], record["scores"][i == 0 ? 0 : i - 1]);
  }
}

TEST(Tag, GivesAtMostAsManyAsAskedForAndNoneThatDoNotFit) {
  const Outcome two = with_model({"tag", cat(), "--margin", "-2", "--top", "2"});
  ASSERT_EQ(two.exit_code, 0) << two.err;
  EXPECT_EQ(std::count(two.out.begin(), two.out.end(), ','), 1);
  const Outcome none = with_model({"tag", cat(), "--margin", "2", "--format", "jsonl"});
  EXPECT_EQ(none.exit_code, 0) << none.err;
  EXPECT_EQ(json_lines(none.out).at(0)["tags"], Json::array());
  const Outcome line = with_model({"tag", cat(), "--margin", "2"});
  EXPECT_EQ(line.out, "\n");
}

TEST(Tag, WritesCsvAndResumes) {
  const Folder folder;
  const std::vector<std::string> words = {"tag", photo_folder(), "--margin",         "-2", "--top",
                                          "2",   "-o",           folder / "tags.csv"};
  ASSERT_EQ(with_model(words).exit_code, 0);
  const std::string first = read_file(folder / "tags.csv");
  EXPECT_THAT(first, StartsWith("path,tags,scores,error\r\n"));
  std::vector<std::string> again = words;
  again.emplace_back("--resume");
  ASSERT_EQ(with_model(again).exit_code, 0);
  EXPECT_EQ(read_file(folder / "tags.csv"), first);
}

}  // namespace
}  // namespace blip::testing
