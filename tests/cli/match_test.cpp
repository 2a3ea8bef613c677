// `blip match`: the reference's scores, as a table and in every format.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

Outcome match(std::vector<std::string> words) {
  words.insert(words.begin(), {"match", "--model", task_model("itm"), "--no-exif-rotation"});
  return run_blip(words);
}

TEST(Match, ScoresAreTheReferences) {
  const Json& cases = expectations("itm").at("cases");
  std::size_t checked = 0;
  for (const std::string style : {"hf", "original"}) {
    std::vector<std::string> words = {photo_folder(), "--style", style, "--format", "jsonl"};
    std::vector<Json> asked;
    for (const Json& one : cases) {
      // The reference's original style keeps 50 words of the last text, blip 30, as BLIP's
      // retrieval code does.
      if (one.at("style") != style || one.at("text").get<std::string>().size() > 120) continue;
      words.insert(words.end(), {"--text", one.at("text")});
      asked.push_back(one);
    }
    const Outcome run = match(words);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const auto records = json_lines(run.out);
    ASSERT_EQ(records.size(), 6 * asked.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
      const std::size_t image = i / asked.size();
      const Json& one = asked[i % asked.size()];
      EXPECT_EQ(records[i]["path"], photo(image));
      EXPECT_EQ(records[i]["text"], one["text"]);
      EXPECT_NEAR(records[i]["itm"], one["probabilities"][image][1].get<double>(), 2e-5);
      EXPECT_NEAR(records[i]["itc"], one["itc"][image].get<double>(), 2e-5);
      ++checked;
    }
  }
  EXPECT_EQ(checked, 60U);
}

// BlipModel, as CLIP, has the cosine alone.
TEST(Match, WithoutAMatchingHeadGivesTheCosine) {
  const std::vector<std::string> words = {
      "match", "--model", task_model("blip"), "--no-exif-rotation", photo(0), "a cat", "a dog"};
  const Outcome table = run_blip(words);
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out, StartsWith("   itm      itc  text\n     -  "));
  std::vector<std::string> as_json = words;
  as_json.insert(as_json.end(), {"--format", "jsonl"});
  const auto records = json_lines(run_blip(as_json).out);
  ASSERT_EQ(records.size(), 2U);
  for (const Json& record : records) {
    EXPECT_TRUE(record.at("itm").is_null());
    EXPECT_LE(std::abs(record.at("itc").get<double>()), 1.0);
  }
}

TEST(Match, OneImagePrintsATable) {
  const Outcome run = match({photo(0), "A cat on the table.", "stop sign"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run.out,
            "   itm      itc  text\n"
            "0.1358  -0.5136  A cat on the table.\n"
            "0.2654   0.5323  stop sign\n");
}

TEST(Match, SeveralImagesPutThePathFirst) {
  const Outcome run = match({"--text", "stop sign", photo(0), photo(1)});
  EXPECT_EQ(run.out, photo(0) + ": 0.2654   0.5323  stop sign\n" + photo(1) +
                         ": 0.0683   0.4373  stop sign\n");
}

TEST(Match, CsvAndFailures) {
  const Folder folder;
  const std::string bad = folder.file("bad.png", "no picture");
  const Outcome run = match({bad, photo(0), "--text", "stop sign", "--format", "csv"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, StartsWith("path,text,itm,itc,error\r\n" + bad + ",,,,"));
  EXPECT_THAT(run.out, HasSubstr("\r\n" + photo(0) + ",stop sign,0.26541"));
  EXPECT_THAT(run.err, StartsWith("blip: " + bad + ": "));
  const Outcome alone = match({bad, "stop sign"});
  EXPECT_EQ(alone.exit_code, 1);
  EXPECT_EQ(alone.out, "");
}

TEST(Match, ManyTextsAreTheSameAsFew) {
  const Folder folder;
  std::string list;
  for (int i = 0; i < 150; ++i) list += i % 2 == 0 ? "stop sign\n" : "a cat\n";
  const auto records =
      json_lines(match({photo(0), "--texts", folder.file("texts", list), "--format", "jsonl"}).out);
  ASSERT_EQ(records.size(), 150U);
  for (std::size_t i = 2; i < records.size(); ++i) {
    EXPECT_EQ(records[i]["text"], records[i - 2]["text"]);
    EXPECT_NEAR(records[i]["itm"], records[i - 2]["itm"].get<double>(), 1e-6);
    EXPECT_NEAR(records[i]["itc"], records[i - 2]["itc"].get<double>(), 1e-6);
  }
  EXPECT_NE(records[0]["itm"], records[1]["itm"]);
}

TEST(Match, ResumesInEveryFormat) {
  const Folder folder;
  for (const char* name : {"out.txt", "out.jsonl", "out.csv"}) {
    const std::string out = folder / name;
    const std::vector<std::string> words = {photo_folder(), "--text", "a cat", "--text",
                                            "a: dog",       "-o",     out,     "--resume"};
    EXPECT_EQ(match(words).exit_code, 0);
    const std::string finished = read_file(out);
    for (std::size_t kept = 0; kept <= finished.size(); kept += 151) {
      write_file(out, finished.substr(0, kept));
      ASSERT_EQ(match(words).exit_code, 0) << name << kept;
      expect_same_to_rounding(read_file(out), finished);
    }
  }
}

TEST(Match, ControlCharactersInTextsNeverReachTheTerminal) {
  const Outcome run = match({photo(0), "red\x1b[31m"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, HasSubstr("red?[31m"));
}

TEST(Match, AModelForSomethingElseOrWrongUsageIsTwo) {
  EXPECT_EQ(run_blip({"match", "-m", "nano", photo(0), "a cat"}).exit_code, 2);
  const Folder folder;
  const std::string list = folder.file("list", photo(0));
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {}, {photo(0)}, {"--text", "a"}, {"--from-file", list, "a"}, {photo(0), "--top", "3"}}) {
    const Outcome run = match(words);
    EXPECT_EQ(run.exit_code, 2) << ::testing::PrintToString(words);
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  }
}

}  // namespace
}  // namespace blip::testing
