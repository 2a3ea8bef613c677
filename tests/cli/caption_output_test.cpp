// What `blip caption` prints, in every format.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using Json = nlohmann::json;

const std::string kCsvHeader = "path,caption,log_probability,mean_log_probability,error\r\n";

TEST(CaptionOutput, OneImagePrintsItsCaptionAlone) {
  const Folder folder;
  const Outcome run = run_blip({"caption", folder.picture("a.png")});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, MatchesRegex("[a-z][a-z ]+\n"));
  EXPECT_EQ(run.err, "");
}

TEST(CaptionOutput, SeveralImagesPrintPathAndCaptionInTheOrderGiven) {
  const Folder folder;
  const std::string b = folder.picture("b.png", 1);
  const std::string a = folder.picture("a.png", 2);
  const Outcome run = run_blip({"caption", b, a});
  const Outcome first = run_blip({"caption", b});
  const Outcome second = run_blip({"caption", a});
  EXPECT_EQ(run.out, b + ": " + first.out + a + ": " + second.out);
}

TEST(CaptionOutput, AFolderPrintsPathsEvenForOneImage) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  EXPECT_THAT(run_blip({"caption", folder.path().string()}).out, HasSubstr(a + ": "));
}

TEST(CaptionOutput, BatchesOfEverySizeSayTheSame) {
  const Folder folder;
  for (std::uint32_t i = 0; i < 7; ++i) folder.picture(numbered("", i), i);
  const Outcome whole = run_blip({"caption", folder.path().string(), "--batch", "7"});
  EXPECT_EQ(whole.exit_code, 0);
  for (const char* batch : {"1", "2", "3", "64"}) {
    EXPECT_EQ(run_blip({"caption", folder.path().string(), "--batch", batch}).out, whole.out);
  }
}

TEST(CaptionOutput, JsonIsOneArrayWithAnErrorForEachFailure) {
  const Folder folder;
  const std::string good = folder.picture("good.png");
  const std::string bad = folder.file("bad.png", "no picture");
  const Outcome run = run_blip({"caption", good, bad, "--format", "json"});
  EXPECT_EQ(run.exit_code, 1);
  const Json array = Json::parse(run.out);
  ASSERT_EQ(array.size(), 2U);
  EXPECT_EQ(array[0]["path"], good);
  EXPECT_EQ(array[0]["caption"].get<std::string>() + "\n", run_blip({"caption", good}).out);
  EXPECT_FALSE(array[0].contains("error"));
  EXPECT_EQ(array[1]["path"], bad);
  EXPECT_NE(array[1]["error"], "");
  EXPECT_FALSE(array[1].contains("caption"));
  // The path has a field of its own, and stderr says it once.
  EXPECT_EQ(run.err, "blip: " + bad + ": " + array[1]["error"].get<std::string>() + "\n");
}

TEST(CaptionOutput, JsonIsAnArrayForOneImageToo) {
  const Folder folder;
  const Json array =
      Json::parse(run_blip({"caption", folder.picture("a.png"), "--format", "json"}).out);
  EXPECT_TRUE(array.is_array());
  EXPECT_EQ(array.size(), 1U);
}

TEST(CaptionOutput, JsonlIsAnObjectPerLine) {
  const Folder folder;
  const std::string good = folder.picture("good.png");
  const std::string missing = folder / "missing.png";
  const auto lines = json_lines(run_blip({"caption", missing, good, "--format", "jsonl"}).out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["path"], missing);
  EXPECT_TRUE(lines[0].contains("error"));
  EXPECT_EQ(lines[1]["path"], good);
  EXPECT_TRUE(lines[1].contains("caption"));
}

TEST(CaptionOutput, CsvQuotesByRfc4180) {
  const Folder folder;
  const std::string awkward = folder.picture("a \"b\", c\nd.png");
  const std::string plain = folder.picture("plain.png");
  const Outcome run = run_blip({"caption", awkward, plain, "--format", "csv"});
  const std::string caption = run_blip({"caption", plain}).out;
  std::string quoted;
  for (const char c : awkward) quoted += c == '"' ? std::string(2, c) : std::string(1, c);
  EXPECT_THAT(run.out, ::testing::StartsWith(kCsvHeader + "\"" + quoted + "\","));
  EXPECT_THAT(run.out, HasSubstr(plain + "," + caption.substr(0, caption.size() - 1) + ",-"));
  EXPECT_THAT(run.out, ::testing::EndsWith(",\r\n"));
}

TEST(CaptionOutput, CsvPutsTheErrorInItsColumn) {
  const Folder folder;
  const std::string missing = folder / "missing.png";
  const Outcome run = run_blip({"caption", missing, "--format", "csv"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, ::testing::StartsWith(kCsvHeader + missing + ",,,,"));
}

TEST(CaptionOutput, TextHasNoLineForAFailure) {
  const Folder folder;
  const std::string good = folder.picture("good.png");
  const Outcome run = run_blip({"caption", folder / "missing.png", good});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, ::testing::StartsWith(good + ": "));
  EXPECT_THAT(run.err, HasSubstr("missing.png"));
}

TEST(CaptionOutput, SeveralCaptionsPerImage) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  const std::vector<std::string> options = {"caption", a, "--beams", "3", "--num-captions", "3"};
  auto with = [&](const std::string& format) {
    auto words = options;
    words.insert(words.end(), {"--format", format});
    return run_blip(words).out;
  };
  const auto lines = json_lines(with("jsonl"));
  ASSERT_EQ(lines.size(), 1U);
  const auto captions = lines[0]["captions"].get<std::vector<std::string>>();
  ASSERT_EQ(captions.size(), 3U);
  EXPECT_EQ(lines[0]["caption"], captions[0]);
  EXPECT_EQ(with("text"), captions[0] + "\n" + captions[1] + "\n" + captions[2] + "\n");
  std::istringstream csv(with("csv"));
  std::string row;
  std::getline(csv, row);
  EXPECT_EQ(row, "path,caption,log_probability,mean_log_probability,beam_score,error\r");
  for (const std::string& caption : captions) {
    std::getline(csv, row);
    EXPECT_THAT(row, ::testing::StartsWith(a + "," + caption + ",-"));
  }
}

TEST(CaptionOutput, PathsThatAreNotUtf8StayValidJson) {
  const Folder folder;
  const std::string odd = folder.picture("caf\xe9 \xf0\x9f\x90\x88.png");
  const Outcome run = run_blip({"caption", odd, odd, "--format", "json"});
  EXPECT_EQ(run.exit_code, 0);
  const Json array = Json::parse(run.out);
  const auto path = array.at(0).at("path").get<std::string>();
  EXPECT_THAT(path, ::testing::StartsWith("file:"));
  EXPECT_THAT(path, ::testing::EndsWith("caf%E9 \xf0\x9f\x90\x88.png"));
}

TEST(CaptionOutput, ControlCharactersInPathsNeverReachTheTerminal) {
  const Folder folder;
  const std::string odd = folder.picture("red\x1b[31m\nline.png");
  const Outcome run = run_blip({"caption", odd, odd, folder / "gone\x1b[2J.png"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, HasSubstr("red?[31m?line.png: "));
  EXPECT_EQ(run.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(run.err.find('\x1b'), std::string::npos);
}

TEST(CaptionOutput, ControlCharactersInAVocabularyNeverReachTheTerminal) {
  const Folder folder;
  const std::filesystem::path nano = std::filesystem::path(BLIP_SOURCE_DIR) / "tests/models/nano";
  for (const auto& entry : std::filesystem::directory_iterator(nano)) {
    std::filesystem::copy(entry.path(), folder.path());
  }
  // Every word of it clears the screen.
  std::istringstream words(read_file(folder / "vocab.txt"));
  std::string doctored;
  for (std::string word; std::getline(words, word);) {
    doctored += (word.starts_with('[') ? "" : "\x1b[2J\xc2\x9b") + word + "\n";
  }
  write_file(folder / "vocab.txt", doctored);
  const std::string a = folder.picture("a.png");
  const Outcome run = run_blip({"caption", a, "-m", folder.path().string()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("?[2J?"));
  EXPECT_EQ(run.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(run.out.find("\xc2\x9b"), std::string::npos);
}

TEST(CaptionOutput, WritesToAFileInTheFormatOfItsEnding) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  const Outcome run = run_blip({"caption", a, "--output", folder / "out.jsonl"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(json_lines(read_file(folder / "out.jsonl")).at(0)["path"], a);
  run_blip({"caption", a, "--output", folder / "out.csv"});
  EXPECT_THAT(read_file(folder / "out.csv"), ::testing::StartsWith(kCsvHeader));
  run_blip({"caption", a, "--output", folder / "out.json"});
  EXPECT_EQ(Json::parse(read_file(folder / "out.json")).size(), 1U);
  run_blip({"caption", a, "--output", folder / "out.csv", "--format", "text"});
  EXPECT_EQ(read_file(folder / "out.csv"), run_blip({"caption", a}).out);
}

}  // namespace
}  // namespace blip::testing
