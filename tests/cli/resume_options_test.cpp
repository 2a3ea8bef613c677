// --resume under other options: refused, unless --force says that the records may be mixed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/xattr.h>

#include <algorithm>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;

class ResumeOptions : public ::testing::TestWithParam<const char*> {
 protected:
  ResumeOptions() : out_(folder_ / "out." + std::string(GetParam())) {
    first_ = folder_.picture("in/a.png", 1);
    folder_.picture("in/b.png", 2);
  }
  // "out.text" has no format by its ending.
  [[nodiscard]] Outcome caption(std::vector<std::string> words,
                                const RunOptions& options = {}) const {
    words.insert(words.begin(), {"caption", "-f", GetParam(), "-o", out_});
    return run_blip(words, options);
  }
  [[nodiscard]] std::ptrdiff_t lines() const {
    return std::ranges::count(read_file(out_), '\n') - (GetParam() == std::string("csv") ? 1 : 0);
  }

  Folder folder_;
  std::string out_;
  std::string first_;
};

INSTANTIATE_TEST_SUITE_P(Formats, ResumeOptions, ::testing::Values("text", "jsonl", "csv"),
                         [](const auto& format) { return std::string(format.param); });

TEST_P(ResumeOptions, OthersAreRefused) {
  for (const bool resumes : {false, true}) {  // whichever way the first run was started
    std::filesystem::remove(out_);
    std::vector<std::string> words = {folder_ / "in", "--prompt", "a dog"};
    if (resumes) words.emplace_back("--resume");
    ASSERT_EQ(caption(words).exit_code, 0);
    const std::string before = read_file(out_);
    const Outcome other = caption({folder_ / "in", "--resume", "--prompt", "a cat"});
    EXPECT_EQ(other.exit_code, 2);
    EXPECT_EQ(other.err,
              "blip: " + out_ +
                  ": was made with --prompt \"a dog\", and this run has --prompt \"a cat\"; "
                  "--force continues it all the same\n");
    const Outcome none = caption({folder_ / "in", "--resume"});
    EXPECT_EQ(none.exit_code, 2);
    EXPECT_THAT(none.err, HasSubstr("this run has no --prompt"));
    const Outcome more = caption({folder_ / "in", "--resume", "--prompt", "a dog", "--beams", "2"});
    EXPECT_EQ(more.exit_code, 2);
    EXPECT_THAT(more.err, HasSubstr("was made with no --beams, and this run has --beams \"2\""));
    EXPECT_EQ(read_file(out_), before);
  }
}

TEST_P(ResumeOptions, TheSameAreContinued) {
  ASSERT_EQ(caption({first_, "--prompt", "a dog"}).exit_code, 0);
  // What decides nothing about a record may differ.
  const Outcome run = caption({folder_ / "in", "-r", "--resume", "--prompt", "a dog", "--batch",
                               "1", "--threads", "1", "--quiet", "--max-pixels", "10M"});
  // Text tells by the names what it holds; the first run's one image had none.
  if (GetParam() == std::string("text")) {
    EXPECT_EQ(run.exit_code, 2);
    return;
  }
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(lines(), 2);
}

TEST_P(ResumeOptions, ForceMixesThem) {
  ASSERT_EQ(caption({first_, "--resume", "--prompt", "a dog"}).exit_code, 0);
  ASSERT_EQ(caption({folder_ / "in", "--resume", "--prompt", "a cat"}).exit_code, 2);
  const Outcome run = caption({folder_ / "in", "--resume", "--force", "--prompt", "a cat"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(lines(), 2);
  EXPECT_THAT(read_file(out_), HasSubstr("a dog"));
  EXPECT_THAT(read_file(out_), HasSubstr("a cat"));
  // From here on these are the file's.
  EXPECT_EQ(caption({folder_ / "in", "--resume", "--prompt", "a cat"}).exit_code, 0);
}

TEST_P(ResumeOptions, TheEnvironmentsCountToo) {
  ASSERT_EQ(caption({first_, "--resume"}, {.environment = {{"BLIP_PROMPT", "a dog"}}}).exit_code,
            0);
  EXPECT_EQ(caption({first_, "--resume"}).exit_code, 2);
  EXPECT_EQ(caption({first_, "--resume", "--prompt", "a dog"}).exit_code, 0);
}

TEST_P(ResumeOptions, ANewFileHasNoOldOnes) {
  ASSERT_EQ(caption({folder_ / "in", "--prompt", "a dog"}).exit_code, 0);
  ASSERT_EQ(caption({folder_ / "in", "--prompt", "a cat"}).exit_code, 0);
  EXPECT_EQ(caption({folder_ / "in", "--resume", "--prompt", "a cat"}).exit_code, 0);
  std::filesystem::remove(out_);
  EXPECT_EQ(caption({folder_ / "in", "--resume", "--prompt", "a bird"}).exit_code, 0);
  write_file(out_, "");
  EXPECT_EQ(caption({folder_ / "in", "--resume", "--prompt", "a fish"}).exit_code, 0);
}

TEST_P(ResumeOptions, AFileThatDoesNotTellIsContinued) {
  ASSERT_EQ(caption({first_, "--resume", "--prompt", "a dog"}).exit_code, 0);
  ::removexattr(out_.c_str(), "user.blip.settings");
  std::filesystem::remove(out_ + ".settings");
  EXPECT_EQ(caption({folder_ / "in", "--resume", "--prompt", "a cat"}).exit_code, 0);
  EXPECT_EQ(lines(), 2);
}

// More than an attribute holds.
TEST_P(ResumeOptions, LongOnesStandBesideTheFile) {
  const std::string prompt = std::string(70'000, ' ') + "a dog";
  ASSERT_EQ(caption({first_, "--resume", "--prompt", prompt}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(out_ + ".settings"));
  EXPECT_EQ(caption({first_, "--resume", "--prompt", prompt}).exit_code, 0);
  EXPECT_EQ(caption({first_, "--resume", "--prompt", "a dog"}).exit_code, 2);
}

TEST(ResumeOptionsOfQuestions, OtherQuestionsAreRefusedInText) {
  const Folder folder;
  const auto ask = [&](const std::string& question) {
    return run_blip(
        {"ask", photo(0), question, "-m", task_model("vqa"), "-o", folder / "out", "--resume"});
  };
  ASSERT_EQ(ask("what is it?").exit_code, 0);
  EXPECT_EQ(ask("what is it?").exit_code, 0);
  const Outcome other = ask("where is it?");
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("was made with --question \"what is it?\""));
}

TEST(ResumeOptionsOfNothing, ForceNeedsResume) {
  const Folder folder;
  const Outcome run = run_blip({"caption", folder.picture("a.png"), "--force"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("--force needs --resume"));
}

}  // namespace
}  // namespace blip::testing
