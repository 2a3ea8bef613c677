// What `blip caption` does when something is wrong: one line, the rest done, the right exit code.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pictures.hpp"
#include "program.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(CaptionFailures, EachBadInputGetsOneLineAndTheRestIsDone) {
  const Folder folder;
  const std::string whole = png(32, 24, 1);
  const std::vector<std::string> bad = {
      folder.file("truncated.png", whole.substr(0, whole.size() / 2)),
      folder.file("empty.png", ""),
      folder.file("text.jpg", "this is no JPEG"),
      folder.file("header.png", whole.substr(0, 20)),
      folder.file("zeros.png", std::string(1000, '\0')),
      folder / "missing.png",
  };
  const std::string good = folder.picture("good.png");
  std::vector<std::string> words = {"caption"};
  words.insert(words.end(), bad.begin(), bad.end());
  words.push_back(good);
  const Outcome run = run_blip(words);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, StartsWith(good + ": "));
  EXPECT_EQ(count_lines(run.out), 1U);
  EXPECT_EQ(count_lines(run.err), bad.size()) << run.err;
  std::size_t at = 0;
  for (const std::string& path : bad) {  // in input order, each path once
    const std::size_t found = run.err.find("blip: " + path + ": ", at);
    ASSERT_NE(found, std::string::npos) << path << "\n" << run.err;
    EXPECT_EQ(run.err.find(path, found + 6 + path.size()), std::string::npos);
    at = found;
  }
}

TEST(CaptionFailures, APictureTooLargeToDecodeIsRefused) {
  const Folder folder;
  std::string huge = png(32, 24, 1);
  // IHDR's width and height become 50,000. The header alone must be enough to refuse it, whether
  // for its size or for its checksum.
  const std::string size = {'\x00', '\x00', '\xc3', '\x50'};
  huge.replace(16, 4, size).replace(20, 4, size);
  const Outcome run = run_blip({"caption", folder.file("huge.png", huge)});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(count_lines(run.err), 1U);
}

TEST(CaptionFailures, AnUnreadableFileIsNamed) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const Folder folder;
  const std::string locked = folder.picture("locked.png");
  chmod(locked.c_str(), 0);
  const Outcome run = run_blip({"caption", locked});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, StartsWith("blip: " + locked + ": "));
}

TEST(CaptionFailures, AllInputsFailingIsOne) {
  const Outcome run = run_blip({"caption", "/nowhere/a.png", "/nowhere/b.png", "--format", "json"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(nlohmann::json::parse(run.out).size(), 2U);
}

TEST(CaptionFailures, NoSuchModelIsTwo) {
  const Folder folder;
  const Outcome run = run_blip({"caption", folder.picture("a.png"), "--model", "no-such-model"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(count_lines(run.err), 1U);
  EXPECT_THAT(run.err, HasSubstr("no-such-model"));
}

TEST(CaptionFailures, ABrokenModelIsTwo) {
  const Folder folder;
  folder.file("model/config.json", "{\"architectures\": [\"BlipForConditionalGeneration\"]");
  const Outcome run = run_blip({"caption", folder.picture("a.png"), "-m", folder / "model"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(count_lines(run.err), 1U);
}

TEST(CaptionFailures, WrongUsageIsTwoWithOneLineAndAHint) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  const std::vector<std::vector<std::string>> cases = {
      {"--frobnicate"},
      {"--beams", "0"},
      {"--beams", "many"},
      {"--beams", "1.5"},
      {"--beams"},
      {"--format", "xml"},
      {"--dtype", "int3"},
      {"--batch", "0"},
      {"--threads", "-1"},
      {"--top-p", "0.9"},
      {"--seed", "1"},
      {"--top-k", "5"},
      {"--sample", "--top-p", "1.5"},
      {"--sample", "--top-p", "0"},
      {"--sample", "--temperature", "0"},
      {"--sample", "--temperature", "nan"},
      {"--sample", "--temperature", "inf"},
      {"--early-stopping", "maybe"},
      {"--repetition-penalty", "-1"},
      {"--length-penalty", "x"},
      {"--resume"},
      {"-0"},
      {"--image-size", "0"},
      {"--resume", "--output", folder / "x.json"},
      {"--num-captions", "2"},
      {"--num-captions", "3", "--beams", "2"},
      {"--max-new-tokens", "0"},
      {"--max-new-tokens", "99999999999"},
      {"--seed", "-1", "--sample"},
  };
  for (const auto& options : cases) {
    std::vector<std::string> words = {"caption", a};
    words.insert(words.end(), options.begin(), options.end());
    const Outcome run = run_blip(words);
    const std::string shown = ::testing::PrintToString(options) + " " + run.err;
    EXPECT_EQ(run.exit_code, 2) << shown;
    EXPECT_EQ(run.out, "") << shown;
    EXPECT_EQ(count_lines(run.err), 1U) << shown;
    EXPECT_THAT(run.err, StartsWith("blip: ")) << shown;
    EXPECT_EQ(run.err.find("num_"), std::string::npos) << "a library name: " << shown;
  }
}

TEST(CaptionFailures, AFullDiskIsTwoWithOneLine) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  for (const char* format : {"text", "json", "jsonl", "csv"}) {
    const Outcome to_stdout =
        run_blip({"caption", a, "--format", format}, {.stdout_file = "/dev/full"});
    EXPECT_EQ(to_stdout.exit_code, 2) << format;
    EXPECT_EQ(to_stdout.err, "blip: standard output: cannot write: No space left on device\n");
    const Outcome to_file = run_blip({"caption", a, "--format", format, "--output", "/dev/full"});
    EXPECT_EQ(to_file.exit_code, 2) << format;
    EXPECT_EQ(to_file.err, "blip: /dev/full: cannot write: No space left on device\n");
  }
  EXPECT_EQ(run_blip({"--help"}, {.stdout_file = "/dev/full"}).exit_code, 2);
  EXPECT_EQ(run_blip({"inspect"}, {.stdout_file = "/dev/full"}).exit_code, 2);
}

TEST(CaptionFailures, AnOutputThatCannotBeOpenedIsTwo) {
  const Folder folder;
  const Outcome run =
      run_blip({"caption", folder.picture("a.png"), "-o", folder / "no/such/out.txt"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err, "blip: " + (folder / "no/such/out.txt") +
                         ": cannot write: No such file or directory\n");
}

TEST(CaptionFailures, ARunThatCannotStartLeavesTheOldOutputAlone) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  const std::string out = folder.file("out.txt", "precious\n");
  EXPECT_EQ(run_blip({"caption", a, "-o", out, "-m", "no-such-model"}).exit_code, 2);
  EXPECT_EQ(run_blip({"caption", a, "-o", out, "--num-captions", "2"}).exit_code, 2);
  EXPECT_EQ(run_blip({"caption", "--from-file", "/dev/null", "-o", out}).exit_code, 2);
  EXPECT_EQ(read_file(out), "precious\n");
  EXPECT_EQ(run_blip({"caption", a, "-o", out}).exit_code, 0);
  EXPECT_EQ(read_file(out), run_blip({"caption", a}).out);
}

TEST(CaptionFailures, AReaderThatLeavesEndsTheRunQuietly) {
  const Folder folder;
  for (std::uint32_t i = 0; i < 40; ++i) folder.picture(numbered("", i), i);
  BackgroundBlip blip({"caption", folder.path().string(), "--batch", "1"});
  EXPECT_NE(blip.read_line(), "");
  blip.close_output();
  const Outcome run = blip.wait();
  EXPECT_FALSE(run.killed);
  EXPECT_EQ(run.exit_code, 141);
}

TEST(CaptionFailures, AReaderThatLeavesDoesNotWaitForASlowList) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  BackgroundBlip blip({"caption", "--from-file", "-", "--batch", "1"});  // its input stays open
  blip.type(a + "\n");
  EXPECT_NE(blip.read_line(), "");
  blip.close_output();
  blip.type(a + "\n");
  EXPECT_EQ(blip.wait().exit_code, 141);
}

}  // namespace
}  // namespace blip::testing
