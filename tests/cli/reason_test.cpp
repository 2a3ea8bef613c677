// `blip reason`: the reference's judgements of two images.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::MatchesRegex;
using ::testing::StartsWith;
using Json = nlohmann::json;

Outcome reason(std::vector<std::string> words) {
  words.insert(words.begin(), {"reason", "--model", task_model("nlvr"), "--no-exif-rotation"});
  return run_blip(words);
}

TEST(Reason, JudgesAsTheOriginalDoes) {
  const Json& cases = expectations("nlvr").at("cases");
  ASSERT_GE(cases.size(), 10U);
  for (const Json& one : cases) {
    const std::string left = photo(one["left"]);
    const std::string right = photo(one["right"]);
    const Outcome run = reason({left, right, one["statement"], "--format", "jsonl"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const Json record = Json::parse(run.out);
    const auto logits = one["logits"].get<std::vector<double>>();
    const double truth = 1 / (1 + std::exp(logits[0] - logits[1]));
    EXPECT_EQ(record["left"], left);
    EXPECT_EQ(record["right"], right);
    EXPECT_EQ(record["statement"], one["statement"]);
    EXPECT_EQ(record["answer"], truth > 0.5);
    EXPECT_NEAR(record["probability"], std::max(truth, 1 - truth), 2e-5);
  }
}

TEST(Reason, OneStatementPrintsTheAnswerAlone) {
  const Outcome run = reason({photo(0), photo(1), "no person is sitting"});
  EXPECT_EQ(run.out, "false  0.6478\n");
  EXPECT_EQ(run.err, "");
  const Outcome two = reason({photo(0), photo(1), "no person is sitting", "a cat, a bird"});
  EXPECT_THAT(two.out, StartsWith("false  0.6478  no person is sitting\n"));
  EXPECT_THAT(two.out, MatchesRegex("[^\n]*\n(true |false)  0\\.[0-9]+  a cat, a bird\n"));
}

TEST(Reason, CsvHasBothImages) {
  const Outcome run = reason({photo(0), photo(1), "no person is sitting", "--format", "csv"});
  EXPECT_THAT(run.out, StartsWith("left,right,statement,answer,probability\r\n" + photo(0) + "," +
                                  photo(1) + ",no person is sitting,false,0.6478"));
}

TEST(Reason, AnImageThatCannotBeReadIsNamedAndNothingIsJudged) {
  const Folder folder;
  const std::string missing = folder / "missing.png";
  const Outcome left = reason({missing, photo(0), "a cat"});
  EXPECT_EQ(left.exit_code, 1);
  EXPECT_EQ(left.out, "");
  EXPECT_THAT(left.err, StartsWith("blip: " + missing + ": "));
  const Outcome both = reason({missing, missing, "a cat", "--format", "json"});
  EXPECT_EQ(both.exit_code, 1);
  EXPECT_EQ(both.out, "[]\n");
  EXPECT_EQ(std::count(both.err.begin(), both.err.end(), '\n'), 2);
}

TEST(Reason, WrongUsageIsTwo) {
  const Folder folder;
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {}, {photo(0), photo(1)}, {folder.path().string(), photo(1), "a cat"}}) {
    const Outcome run = reason(words);
    EXPECT_EQ(run.exit_code, 2) << ::testing::PrintToString(words);
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  }
  EXPECT_EQ(run_blip({"reason", photo(0), photo(1), "a cat"}).exit_code, 2);
  EXPECT_EQ(run_blip({"reason", "-m", "nano", photo(0), photo(1), "a cat"}).exit_code, 2);
}

}  // namespace
}  // namespace blip::testing
