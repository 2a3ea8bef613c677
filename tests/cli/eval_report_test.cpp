// `blip eval report`: what is judged, how it is printed, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pictures.hpp"
#include "program.hpp"

namespace blip::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

constexpr const char* kReferences =
    R"({"1": "There is a left pleural effusion. Heart size is normal.",
        "2": "No pleural effusion. The heart is enlarged.",
        "3": ["Possible pneumonia.", "Pneumonia."]})";
constexpr const char* kResults =
    R"([{"image_id": "1", "caption": "A pleural effusion is seen. The heart is enlarged."},
        {"image_id": "2", "caption": "There is no pleural effusion. The heart is enlarged."},
        {"image_id": "3", "caption": "The lungs are clear."}])";

Outcome eval_report(const Folder& folder, std::vector<std::string> more) {
  std::vector<std::string> words = {"eval",         "report",
                                    "--results",    folder.file("results.json", kResults),
                                    "--references", folder.file("references.json", kReferences)};
  words.insert(words.end(), more.begin(), more.end());
  return run_blip(words);
}

TEST(EvalReport, CountsFindings) {
  const Folder folder;
  const Outcome run = eval_report(folder, {"--format", "json", "--per-image", folder / "items"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("no medical device"));
  const Json scores = Json::parse(run.out);
  EXPECT_EQ(scores.at("images"), 3);
  EXPECT_GT(scores.at("bleu_1"), 0.3);
  EXPECT_GT(scores.at("rouge_l"), 0.3);
  // Effusion and one enlarged heart are right, one is invented, pneumonia is missing.
  EXPECT_DOUBLE_EQ(scores.at("findings_precision"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.at("findings_recall"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.at("findings_f1"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.at("findings_macro_f1"), (1.0 + 2.0 / 3 + 0) / 3);
  EXPECT_EQ(scores.at("contradictions"), 1);
  EXPECT_EQ(scores.at("findings").at("cardiomegaly").at("in_results"), 2);
  EXPECT_FALSE(scores.at("findings").contains("fracture"));
  const std::string items = read_file(folder / "items");
  const Json first = Json::parse(items.substr(0, items.find('\n')));
  EXPECT_EQ(first.at("findings"), Json::array({"cardiomegaly", "pleural effusion"}));
  EXPECT_EQ(first.at("reference_findings"), Json::array({"pleural effusion"}));
}

TEST(EvalReport, PrintsLinesAndTakesOtherFindings) {
  const Folder folder;
  const std::string findings = folder.file("findings.json", R"({"heart": ["heart"]})");
  const Outcome run = eval_report(folder, {"--findings", findings, "--quiet"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  EXPECT_THAT(run.out, HasSubstr("findings, F1"));
  EXPECT_THAT(run.out, ContainsRegex("heart \\(2\\) +100.00"));
  EXPECT_THAT(run.out, Not(HasSubstr("pneumonia")));
}

TEST(EvalReport, RefusesWhatItCannotJudge) {
  const Folder folder;
  const std::string bad = folder.file("bad.json", R"({"heart": "heart"})");
  EXPECT_THAT(eval_report(folder, {"--findings", bad}).err,
              HasSubstr("bad.json: \"heart\": must be"));
  EXPECT_EQ(eval_report(folder, {"--findings", folder / "none.json"}).exit_code, 2);
  EXPECT_THAT(run_blip({"eval", "report"}).err, HasSubstr("blip eval report --help"));
  EXPECT_THAT(run_blip({"eval", "nothing"}).err, HasSubstr("report"));
}

}  // namespace
}  // namespace blip::testing
