// --resume: an interrupted run goes on where it stopped, and a finished one does nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;

class CaptionResume : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    for (std::uint32_t i = 0; i < 5; ++i) {
      folder_.picture(numbered("in/p", i), i);
    }
  }
  [[nodiscard]] std::vector<std::string> command(const std::string& output) const {
    return {"caption", folder_ / "in", "--format", GetParam(), "-o", output, "--resume"};
  }

  Folder folder_;
};

INSTANTIATE_TEST_SUITE_P(Formats, CaptionResume, ::testing::Values("text", "jsonl", "csv"),
                         [](const auto& format) { return std::string(format.param); });

TEST_P(CaptionResume, WithoutAnEarlierFileItIsAnOrdinaryRun) {
  const std::string out = folder_ / "out";
  EXPECT_EQ(run_blip(command(out)).exit_code, 0);
  expect_same_to_rounding(read_file(out),
                          run_blip({"caption", folder_ / "in", "--format", GetParam()}).out);
}

TEST_P(CaptionResume, AFinishedRunIsLeftAsItIs) {
  const std::string out = folder_ / "out";
  run_blip(command(out));
  const std::string finished = read_file(out);
  const auto written = std::filesystem::last_write_time(out);
  EXPECT_EQ(run_blip(command(out)).exit_code, 0);
  EXPECT_EQ(read_file(out), finished);
  EXPECT_EQ(std::filesystem::last_write_time(out), written);
}

TEST_P(CaptionResume, ARunCutAtAnyByteEndsAsIfItHadNotBeen) {
  const std::string out = folder_ / "out";
  run_blip(command(out));
  const std::string finished = read_file(out);
  for (std::size_t kept = 0; kept < finished.size(); kept += 41) {
    write_file(out, finished.substr(0, kept));
    ASSERT_EQ(run_blip(command(out)).exit_code, 0) << kept;
    SCOPED_TRACE(kept);
    expect_same_to_rounding(read_file(out), finished);
    ASSERT_FALSE(HasFailure());
  }
}

TEST_P(CaptionResume, ZerosLeftByAPowerLossAreDropped) {
  const std::string out = folder_ / "out";
  run_blip(command(out));
  const std::string finished = read_file(out);
  write_file(out, finished + std::string(300, '\0'));
  ASSERT_EQ(run_blip(command(out)).exit_code, 0);
  EXPECT_EQ(read_file(out), finished);
}

TEST_P(CaptionResume, AnImageNamedTwiceIsStillDoneTwice) {
  const std::string a = folder_ / "in/p0.png";
  const std::string out = folder_ / "out";
  const std::vector<std::string> twice = {"caption",  a,    a,   "--format",
                                          GetParam(), "-o", out, "--resume"};
  run_blip(twice);
  const std::string finished = read_file(out);
  run_blip(twice);
  EXPECT_EQ(read_file(out), finished);
}

TEST_P(CaptionResume, SeveralCaptionsPerImageAreAllOrNothing) {
  const std::string out = folder_ / "out";
  auto words = command(out);
  words.insert(words.end(), {"--beams", "2", "--num-captions", "2"});
  run_blip(words);
  const std::string finished = read_file(out);
  for (std::size_t kept = 0; kept < finished.size(); kept += 67) {
    write_file(out, finished.substr(0, kept));
    ASSERT_EQ(run_blip(words).exit_code, 0) << kept;
    SCOPED_TRACE(kept);
    expect_same_to_rounding(read_file(out), finished);
    ASSERT_FALSE(HasFailure());
  }
}

TEST_P(CaptionResume, AFileOfSomethingElseIsRefusedAndKept) {
  for (const std::string& content :
       {std::string("just some notes\nof mine\n"), std::string("<html>"),
        std::string("\x89PNG\r\n\x1a\n\0\0", 10)}) {
    if (content == "<html>" && GetParam() == std::string("text")) continue;  // may be a torn path
    const std::string out = folder_.file("out", content);
    const Outcome run = run_blip(command(out));
    EXPECT_EQ(run.exit_code, 2) << content;
    EXPECT_THAT(run.err, HasSubstr("is not blip's; it was left as it is")) << content;
    EXPECT_EQ(read_file(out), content);
  }
}

TEST_P(CaptionResume, FailedImagesAreTriedAgain) {
  const std::string out = folder_ / "out";
  write_file(folder_ / "in/p1.png", "");
  write_file(folder_ / "in/p3.png", "");
  EXPECT_EQ(run_blip(command(out)).exit_code, 1);
  const std::string first = read_file(out);
  EXPECT_EQ(run_blip(command(out)).exit_code, 1);
  EXPECT_EQ(read_file(out).size(), first.size()) << "errors must not pile up";
  write_file(folder_ / "in/p1.png", png(32, 24, 1));
  write_file(folder_ / "in/p3.png", png(32, 24, 3));
  EXPECT_EQ(run_blip(command(out)).exit_code, 0);
  const std::string finished = read_file(out);
  for (std::uint32_t i = 0; i < 5; ++i) EXPECT_THAT(finished, HasSubstr(numbered("p", i)));
  EXPECT_EQ(finished.find("error\":"), std::string::npos);
  EXPECT_EQ(run_blip(command(out)).exit_code, 0);
  EXPECT_EQ(read_file(out), finished);
}

TEST_P(CaptionResume, ALinkStaysALink) {
  const std::string out = folder_ / "real";
  write_file(folder_ / "in/p1.png", "");
  std::filesystem::create_symlink("real", folder_ / "link");
  run_blip(command(folder_ / "link"));
  write_file(folder_ / "in/p1.png", png(32, 24, 1));
  EXPECT_EQ(run_blip(command(folder_ / "link")).exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "link"));
  EXPECT_THAT(read_file(out), HasSubstr("p1.png"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "real.resume"));
}

TEST(CaptionResumeText, PathsWithColonsAndControlCharactersAreRecognised) {
  const Folder folder;
  folder.picture("in/a: b: c.png");
  folder.picture("in/new\nline.png");
  const std::vector<std::string> words = {"caption", folder / "in", "-o", folder / "out",
                                          "--resume"};
  run_blip(words);
  const std::string finished = read_file(folder / "out");
  EXPECT_EQ(run_blip(words).exit_code, 0);
  EXPECT_EQ(read_file(folder / "out"), finished);
}

TEST(CaptionResumeJsonl, PathsThatAreNotUtf8AreRecognised) {
  const Folder folder;
  folder.picture("in/\xff\xfe.png");
  const std::vector<std::string> words = {"caption", folder / "in", "-o", folder / "out.jsonl",
                                          "--resume"};
  run_blip(words);
  const std::string finished = read_file(folder / "out.jsonl");
  EXPECT_EQ(run_blip(words).exit_code, 0);
  EXPECT_EQ(read_file(folder / "out.jsonl"), finished);
}

TEST(CaptionResumeJsonl, ShardsResumeToTheSameCaptionsWithASeed) {
  const Folder folder;
  for (std::uint32_t i = 0; i < 6; ++i) folder.picture(numbered("in/p", i), i);
  const std::vector<std::string> words = {
      "caption", folder / "in", "--sample", "--seed", "7", "-o", folder / "out.jsonl", "--resume"};
  run_blip(words);
  const std::string finished = read_file(folder / "out.jsonl");
  const std::size_t two_lines = finished.find('\n', finished.find('\n') + 1) + 1;
  write_file(folder / "out.jsonl", finished.substr(0, two_lines));
  EXPECT_EQ(run_blip(words).exit_code, 0);
  expect_same_to_rounding(read_file(folder / "out.jsonl"), finished);
}

}  // namespace
}  // namespace blip::testing
