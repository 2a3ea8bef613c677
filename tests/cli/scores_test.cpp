// The scores of captions and answers in JSON and CSV, and the words that none may contain.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

Json caption(std::vector<std::string> options) {
  options.insert(options.begin(), {"caption", photo(0), "-f", "jsonl"});
  const Outcome run = run_blip(options);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return Json::parse(run.out);
}

TEST(Scores, OfACaptionAreItsLogProbabilityInAllAndByToken) {
  const Json greedy = caption({});
  EXPECT_LT(greedy["log_probability"], 0.0);
  const double tokens =
      greedy["log_probability"].get<double>() / greedy["mean_log_probability"].get<double>();
  EXPECT_NEAR(tokens, std::round(tokens), 1e-3) << "a whole number of tokens";
  EXPECT_GE(tokens, 3.0);
  EXPECT_FALSE(greedy.contains("beam_score"));
  EXPECT_FALSE(greedy.contains("scores"));
}

TEST(Scores, OfBeamSearchHaveTheScoreThatItComparesBy) {
  const Json two = caption({"--beams", "3", "--num-captions", "2", "--length-penalty", "0.5"});
  ASSERT_EQ(two["scores"].size(), 2U);
  EXPECT_EQ(two["captions"].size(), 2U);
  EXPECT_TRUE(two["captions"][0].is_string());
  for (const char* name : {"log_probability", "mean_log_probability", "beam_score"}) {
    EXPECT_EQ(two[name], two["scores"][0][name]);
  }
  EXPECT_GE(two["scores"][0]["beam_score"], two["scores"][1]["beam_score"]);
  for (const Json& each : two["scores"]) {
    const double sum = each["log_probability"];
    const double tokens = sum / each["mean_log_probability"].get<double>();
    EXPECT_NEAR(each["beam_score"], sum / std::sqrt(tokens), 1e-4 * std::abs(sum));
  }
}

TEST(Scores, OfASampledCaptionAreThoseOfWhatWasDrawnFrom) {
  const Json plain = caption({"--sample", "--top-k", "1", "--seed", "1"});
  EXPECT_NEAR(plain["log_probability"], 0.0, 1e-5) << "there is no choice";
}

// The reference's scores are those of the same answers.
TEST(Scores, OfAnswersAreTheReferences) {
  std::size_t checked = 0;
  for (const Json& one : expectations("vqa").at("cases")) {
    if (one.at("style") != "hf") continue;
    const Outcome run =
        run_blip({"ask", "-m", task_model("vqa"), "--no-exif-rotation", photo(one["photo"]),
                  one["question"], "--image-size", "32", "--beams", "3", "-f", "jsonl"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const Json record = Json::parse(run.out);
    const Json& expected = one["generated"][1];
    ASSERT_EQ(record["answer"], expected["text"]);
    EXPECT_NEAR(record["beam_score"], expected["score"].get<double>(), 1e-4);
    ++checked;
  }
  EXPECT_GE(checked, 4U);
}

TEST(Scores, OfRankedAnswersHaveTheLogProbabilityToo) {
  const Folder folder;
  const std::string answers = folder.file("answers.txt", "yes\nno\na red motorcycle\n");
  const Outcome run = run_blip({"ask", "-m", task_model("vqa"), photo(0), "is it red?", "--answers",
                                answers, "--top", "3", "-f", "jsonl"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json record = Json::parse(run.out);
  ASSERT_EQ(record["answers"].size(), 3U);
  EXPECT_FALSE(record.contains("scores"));
  for (const Json& answer : record["answers"]) {
    const double tokens =
        answer["log_probability"].get<double>() / answer["mean_log_probability"].get<double>();
    EXPECT_NEAR(tokens, std::round(tokens), 1e-3);
    // Label smoothing adds a part of all other tokens' loss.
    EXPECT_LT(answer["score"], 0.9 * answer["log_probability"].get<double>());
  }
}

TEST(Scores, AreColumnsOfCsvAndNotInText) {
  const Outcome csv = run_blip({"caption", photo(0), "--beams", "2", "-f", "csv"});
  EXPECT_THAT(csv.out, StartsWith("path,caption,log_probability,mean_log_probability,beam_score,"
                                  "error\r\n" +
                                  photo(0) + ","));
  const std::string caption_alone = caption({})["caption"];
  EXPECT_EQ(run_blip({"caption", photo(0)}).out, caption_alone + "\n");
}

std::vector<std::string> words_of(const std::string& caption) {
  std::vector<std::string> words;
  std::istringstream stream(caption);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

TEST(BanWords, NoCaptionContainsThem) {
  const Folder folder;
  for (const std::vector<std::string>& search :
       std::vector<std::vector<std::string>>{{}, {"--beams", "3"}, {"--sample", "--seed", "5"}}) {
    const std::string first = caption(search)["caption"];
    const std::vector<std::string> words = words_of(first);
    ASSERT_GE(words.size(), 3U);
    const auto without = [&](const std::string& list) {
      auto options = search;
      options.insert(options.end(), {"--ban-words", folder.file("banned.txt", list)});
      return caption(options)["caption"].get<std::string>();
    };
    for (const std::string& word : words) {
      EXPECT_THAT(words_of(without("\n" + word + "\r\n\n")), Not(::testing::Contains(word)));
    }
    const std::string phrase = words[1] + " " + words[2];
    EXPECT_THAT(without(phrase + "\nzebra crossing\n"), Not(HasSubstr(phrase)));
  }
}

TEST(BanWords, ARareWordChangesNothing) {
  const Folder folder;
  const std::string list = folder.file("banned.txt", "qwertyuiop asdfghjkl\n");
  EXPECT_EQ(caption({"--ban-words", list})["caption"], caption({})["caption"]);
}

TEST(BanWords, AnswersKeepToThemToo) {
  const Folder folder;
  const auto ask = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"ask", "-m", task_model("vqa"), "--no-exif-rotation", photo(0),
                               "How many dogs are in the picture?", "--image-size", "32"});
    const Outcome run = run_blip(more);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.out;
  };
  EXPECT_THAT(ask({}), HasSubstr("how"));
  EXPECT_THAT(ask({"--ban-words", folder.file("banned.txt", "how\n")}), Not(HasSubstr("how")));
}

TEST(BanWords, WrongUsageIsTwoWithOneLine) {
  const Folder folder;
  const std::string answers = folder.file("answers.txt", "yes\nno\n");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"caption", photo(0), "--ban-words", folder / "missing"},
           {"caption", photo(0), "--ban-words", folder.file("empty", "\n")},
           {"caption", photo(0), "--ban-words", folder.file("nothing", "\xC2\xAD\n")},
           {"caption", "--from-file", "-", "--ban-words", "-"},
           {"ask", "-m", task_model("vqa"), photo(0), "what?", "--answers", answers, "--ban-words",
            answers}}) {
    const Outcome run = run_blip(words);
    EXPECT_EQ(run.exit_code, 2) << ::testing::PrintToString(words);
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    EXPECT_EQ(run.err.find("bad_words_ids"), std::string::npos) << run.err;
  }
}

}  // namespace
}  // namespace blip::testing
