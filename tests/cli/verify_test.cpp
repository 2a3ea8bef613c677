// `blip verify`: what holds, what differs, what is skipped and why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

class Verify : public ::testing::Test {
 protected:
  // With caches of its own, so that nothing of the user's is found.
  [[nodiscard]] Outcome verify(std::vector<std::string> words) const {
    words.insert(words.begin(), "verify");
    return run_blip(words, {.environment = {{"HF_HUB_CACHE", folder_ / "hub"},
                                            {"XDG_CACHE_HOME", folder_ / "cache"}}});
  }
  Folder folder_;
};

TEST_F(Verify, TheBundledModelHolds) {
  const Outcome run = verify({"nano-captioning", "--images", photo_folder()});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.out, StartsWith("holds    caption of cat.jpg: a close up of a cat"));
  EXPECT_EQ(run.out.find("differs"), std::string::npos);
  EXPECT_EQ(run.out.find("skipped"), std::string::npos);
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 5);
}

TEST_F(Verify, SoDoesTheOneForQuestions) {
  const Outcome run = verify({"nano-vqa", "--images", photo_folder()});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 2);
}

TEST_F(Verify, AnotherAnswerDiffersAndSaysWhatWasExpected) {
  write_file(folder_ / "demo.jpg", read_file(photo(0)));
  const std::string here = folder_.path().string();
  const Outcome answers =
      verify({task_model("vqa"), "--as", "Salesforce/blip-vqa-base", "--images", here});
  EXPECT_EQ(answers.exit_code, 1);
  EXPECT_THAT(
      answers.out,
      StartsWith("differs  answer of demo.jpg with \"how many dogs are in the picture?\": "));
  EXPECT_THAT(answers.out, HasSubstr("(expected 1, says transformers, "));
  EXPECT_THAT(answers.out, HasSubstr("\nskipped  answer of 000000039769.jpg"));
  const Outcome scores = verify({task_model("itm"), "--as", "Salesforce/blip-itm-base-coco",
                                 "--images", here, "--format", "jsonl"});
  EXPECT_EQ(scores.exit_code, 1);
  const Json record = Json::parse(scores.out);
  EXPECT_EQ(record["outcome"], "differs");
  EXPECT_EQ(record["expected"], "itm 0.9971, itc 0.5162");
  EXPECT_THAT(record["got"].get<std::string>(), StartsWith("itm 0."));
  const Outcome captions = verify({"nano", "--as", "Salesforce/blip-image-captioning-base",
                                   "--images", here, "--format", "jsonl"});
  EXPECT_EQ(captions.exit_code, 1);
  std::size_t differing = 0;
  const auto records = json_lines(captions.out);
  for (const Json& one : records) differing += one["outcome"] == "differs" ? 1 : 0;
  EXPECT_EQ(records.size(), 7U);
  EXPECT_EQ(differing, 4U) << "all that are about demo.jpg";
}

TEST_F(Verify, PicturesAreFoundInTheCacheToo) {
  const std::vector<std::string> words = {task_model("itm"), "--as",
                                          "Salesforce/blip-itm-base-coco"};
  EXPECT_EQ(verify(words).exit_code, 2);
  write_file(folder_.file("cache/blip/images/demo.jpg", ""), read_file(photo(0)));
  const Outcome found = verify(words);
  EXPECT_EQ(found.exit_code, 1);
  EXPECT_THAT(found.out, StartsWith("differs  "));
}

TEST_F(Verify, WhatIsNotHereIsSkippedWithTheReasonAndNothingCheckedIsTwo) {
  const Outcome no_model = verify({"Salesforce/blip-vqa-base"});
  EXPECT_EQ(no_model.exit_code, 2);
  EXPECT_THAT(no_model.out, StartsWith("skipped  answer of demo.jpg"));
  EXPECT_THAT(no_model.out, HasSubstr("is not in the hub's cache; --download fetches it"));
  const Outcome no_images = verify({"nano-captioning"});
  EXPECT_EQ(no_images.exit_code, 2);
  EXPECT_THAT(no_images.out, HasSubstr("cat.jpg is not in the folder of --images"));
  folder_.file("demo.jpg", "no picture");
  const Outcome bad = verify({task_model("itm"), "--as", "Salesforce/blip-itm-base-coco",
                              "--images", folder_.path().string()});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.out, StartsWith("skipped  match of demo.jpg"));
}

TEST_F(Verify, ACopyHasToSayWhatItIsACopyOf) {
  const Outcome run = verify({task_model("vqa")});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("--as ID"));
  EXPECT_EQ(verify({}).exit_code, 2);
  const Outcome unknown = verify({"someone/else"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("no results are known of someone/else"));
}

TEST_F(Verify, AModelOfAnotherKindIsTwo) {
  write_file(folder_ / "demo.jpg", read_file(photo(0)));
  const Outcome run =
      verify({"nano", "--as", "Salesforce/blip-vqa-base", "--images", folder_.path().string()});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
}

}  // namespace
}  // namespace blip::testing
