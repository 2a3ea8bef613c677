// Where --output leads, whatever it is called, and who may write there.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include "pictures.hpp"
#include "program.hpp"

namespace blip::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(OutputFile, ADashIsStandardOutput) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  const Outcome run = run_blip({"caption", picture, "-o", "-"}, {.directory = folder.path()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, run_blip({"caption", picture}).out);
  EXPECT_FALSE(std::filesystem::exists(folder / "-"));
  const Outcome resumed = run_blip({"caption", picture, "-o", "-", "--resume"});
  EXPECT_EQ(resumed.exit_code, 2);
  EXPECT_THAT(resumed.err, HasSubstr("--resume needs --output FILE"));
}

TEST(OutputFile, TheCaseOfItsEndingMeansNothing) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  run_blip({"caption", picture, "-o", folder / "X.CSV"});
  EXPECT_THAT(read_file(folder / "X.CSV"), StartsWith("path,caption"));
  run_blip({"caption", picture, "-o", folder / "x.Json"});
  EXPECT_THAT(read_file(folder / "x.Json"), StartsWith("[\n"));
}

TEST(OutputFile, ASecondWriterIsRefused) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  for (const char* name : {"out.jsonl", "out.csv"}) {
    const std::string out = folder / name;
    run_blip({"caption", picture, "-o", out});
    const std::string before = read_file(out);
    // As another blip holds it.
    const int holder = ::open(out.c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_NE(holder, -1);
    ASSERT_EQ(::flock(holder, LOCK_EX | LOCK_NB), 0);
    for (const bool resume : {false, true}) {
      std::vector<std::string> words = {"caption", picture, "-o", out};
      if (resume) words.emplace_back("--resume");
      const Outcome run = run_blip(words);
      EXPECT_EQ(run.exit_code, 2);
      EXPECT_THAT(run.err, EndsWith(": another program is writing to it\n"));
      EXPECT_EQ(read_file(out), before);
    }
    ::close(holder);
    EXPECT_EQ(run_blip({"caption", picture, "-o", out}).exit_code, 0);
  }
}

TEST(OutputFile, TwoProgramsAtOnceDoNotMix) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  const std::string out = folder / "out.jsonl";
  BackgroundBlip first({"caption", "--from-file", "-", "--batch", "1", "-o", out});
  first.type(picture + "\n");
  // It has the file from the first record on at the latest.
  for (int i = 0; i < 6000 && (!std::filesystem::exists(out) || read_file(out).empty()); ++i) {
    ::usleep(10'000);
  }
  const Outcome second = run_blip({"caption", picture, "-o", out});
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_THAT(second.err, HasSubstr("another program is writing to it"));
  first.close_input();
  EXPECT_EQ(first.wait().exit_code, 0);
  EXPECT_THAT(read_file(out), StartsWith("{\"path\":"));
}

}  // namespace
}  // namespace blip::testing
