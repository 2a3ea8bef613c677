// `blip moderate`: decisions with their evidence, and policies fitted to labelled pictures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class Moderate : public ::testing::Test {
 protected:
  // Models whose answers mean nothing; what is made of them is tested.
  [[nodiscard]] std::string policy(const std::string& rules) const {
    return folder_.file("policy.json", R"({"version": 1, "models": {"texts": ")" +
                                           task_model("itm") + R"(", "questions": ")" +
                                           task_model("vqa") + R"(", "captions": "nano"},
                                           "rules": [)" +
                                           rules + "]}");
  }

  Folder folder_;
  std::string cat_ = photo_folder() + "/cat.jpg";
};

TEST_F(Moderate, SaysWhyItDecides) {
  const std::string file = policy(
      R"({"category": "a", "texts": ["a cat", "a dog"], "against": ["x"], "review": -2},
         {"category": "b", "question": "is it a cat?", "block": 1.1},
         {"category": "c", "words": ["sale"], "in": ["text"], "action": "block"})");
  write_file(folder_ / "list.jsonl", Json({{"path", cat_}, {"text", "Big SALE!"}}).dump() + "\n" +
                                         Json({{"path", cat_}}).dump() + "\n");
  const Outcome run =
      run_blip({"moderate", "--from-file", folder_ / "list.jsonl", "--policy", file});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto lines = json_lines(run.out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["action"], "block");
  EXPECT_EQ(lines[0]["categories"], Json({"a", "c"}));
  EXPECT_EQ(lines[0]["evidence"][0]["by"], "texts");
  EXPECT_EQ(lines[0]["evidence"][1]["action"], "allow");
  EXPECT_EQ(lines[0]["evidence"][2]["found"], "sale");
  EXPECT_EQ(lines[1]["action"], "review");
  EXPECT_EQ(lines[1]["evidence"][0], lines[0]["evidence"][0]);
  const double share = lines[0]["evidence"][1]["score"];
  EXPECT_GE(share, 0.0);
  EXPECT_LE(share, 1.0);
}

TEST_F(Moderate, TheSameBytesComeToTheSameVerdict) {
  const std::string file = policy(
      R"({"category": "a", "texts": ["a cat"], "review": 0.1},
         {"category": "b", "question": "is it a cat?", "review": 0.5},
         {"category": "c", "words": ["dog"]})");
  const Outcome alone = run_blip({"moderate", cat_, "--policy", file, "--threads", "1"});
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  const Outcome among = run_blip({"moderate", photo_folder(), "--policy", file});
  EXPECT_THAT(among.out, HasSubstr(alone.out));
}

TEST_F(Moderate, WhatCannotBeReadIsForPeople) {
  const std::string file = policy(R"({"category": "a", "texts": ["a cat"]})");
  const std::string bad = folder_.file("bad.jpg", "no picture");
  const Outcome run = run_blip({"moderate", bad, "--policy", file});
  EXPECT_EQ(run.exit_code, 1);
  const Json line = json_lines(run.out).at(0);
  EXPECT_EQ(line["action"], "review");
  EXPECT_NE(line["error"], "");
}

TEST_F(Moderate, RulesThatNeverActAreNamed) {
  const std::string file = policy(
      R"({"category": "a", "texts": ["a cat"]}, {"category": "b", "texts": ["x"], "block": 1})");
  const Outcome run = run_blip({"moderate", cat_, "--policy", file});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.err, HasSubstr(file + ": rules without"));
  EXPECT_THAT(run.err, HasSubstr("allow everything (a);"));
  const Outcome quiet = run_blip({"moderate", cat_, "--policy", file, "--quiet"});
  EXPECT_THAT(quiet.err, ::testing::Not(HasSubstr("rules without")));
}

TEST_F(Moderate, PoliciesThatLookAtNothingAreRefused) {
  const std::string file = policy(R"({"category": "a", "words": ["x"], "in": ["text"]})");
  const Outcome run = run_blip({"moderate", cat_, "--policy", file});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("no rule that looks at pictures"));
}

TEST_F(Moderate, CalibrationWritesAPolicyAndAReport) {
  const std::string file = policy(R"({"category": "a", "texts": ["a cat"], "against": ["a dog"]})");
  // The best two are of the category, whatever the model finds in them.
  std::vector<std::pair<double, std::string>> scored;
  const Outcome run = run_blip({"moderate", photo_folder(), "--policy", file});
  for (const Json& line : json_lines(run.out)) {
    scored.emplace_back(line["evidence"][0]["score"], line["path"]);
  }
  std::ranges::sort(scored);
  ASSERT_GE(scored.size(), 4U);
  std::string labelled;
  for (std::size_t i = 0; i < scored.size(); ++i) {
    const Json labels = i + 2 >= scored.size() ? Json({"a"}) : Json::array();
    labelled += Json({{"path", scored[i].second}, {"labels", labels}}).dump() + "\n";
  }
  write_file(folder_ / "labelled.jsonl", labelled);
  const Outcome fitted =
      run_blip({"moderate", "calibrate", folder_ / "labelled.jsonl", "--policy", file, "-o",
                folder_ / "new.json", "--report", folder_ / "report.json", "--method", "isotonic"});
  ASSERT_EQ(fitted.exit_code, 0) << fitted.err;
  EXPECT_THAT(fitted.out, HasSubstr("a: 2 of "));
  const Json report = Json::parse(read_file(folder_ / "report.json"));
  EXPECT_EQ(report["on_the_same_pictures"][0]["blocked"]["precision"], 1.0);
  EXPECT_EQ(report["on_the_same_pictures"][0]["blocked"]["recall"], 1.0);
  const Outcome again =
      run_blip({"moderate", scored.back().second, "--policy", folder_ / "new.json"});
  EXPECT_EQ(json_lines(again.out).at(0)["action"], "block");
}

}  // namespace
}  // namespace blip::testing
