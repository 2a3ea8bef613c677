// Ctrl-C and its relatives: what was printed stays whole, and the exit code tells.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "pictures.hpp"
#include "program.hpp"
#include "task_models.hpp"

namespace blip::testing {
namespace {

class Interrupt : public ::testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Signals, Interrupt, ::testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST_P(Interrupt, ClosesTheJsonArray) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  BackgroundBlip blip({"caption", "--from-file", "-", "--batch", "1", "--format", "json"});
  blip.type(a + "\n" + a + "\n");
  std::string printed;
  for (int i = 0; i < 2; ++i) printed += blip.read_line() + "\n";  // "[", the first record
  blip.signal(GetParam());  // its list is still open: it would wait for more
  const Outcome run = blip.wait();
  EXPECT_FALSE(run.killed);
  EXPECT_EQ(run.exit_code, 128 + GetParam());
  const auto array = nlohmann::json::parse(printed + run.out);
  EXPECT_GE(array.size(), 1U);
  for (const auto& record : array) EXPECT_TRUE(record.contains("caption"));
}

// The last picture of the batch comes through a pipe: when it has been read, the model has a batch
// before it that takes it many seconds (beam search on large pictures). Its lines would all come
// together at the end of it.
TEST(Interrupt, TheRunEndsBeforeTheBatchDoes) {
  const Folder folder;
  const std::string picture = folder.picture("a.png");
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string list;
  for (int i = 0; i < 99; ++i) list += picture + "\n";
  BackgroundBlip blip({"caption", "--from-file", folder.file("list", list + pipe), "--format",
                       "jsonl", "--batch", "100", "--beams", "5", "--image-size", "448"});
  write_file(pipe, read_file(picture));  // ends when the program has taken it
  blip.signal(SIGINT);
  const Outcome run = blip.wait();
  EXPECT_EQ(run.exit_code, 130);
  EXPECT_EQ(run.out, "");
}

TEST(Interrupt, TheOutputOfAnInterruptedRunCanBeResumed) {
  const Folder folder;
  std::string list;
  for (std::uint32_t i = 0; i < 6; ++i) {
    list += folder.picture(numbered("p", i), i) + "\n";
  }
  const std::string names = folder.file("list", list);
  const std::string out = folder / "out.jsonl";
  {
    BackgroundBlip blip({"caption", "--from-file", "-", "--batch", "1", "-o", out});
    blip.type(list.substr(0, list.size() / 2));
    const auto has_a_line = [&] {
      return std::filesystem::exists(out) && read_file(out).find('\n') != std::string::npos;
    };
    while (!has_a_line()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    blip.signal(SIGINT);
    EXPECT_EQ(blip.wait().exit_code, 130);
  }
  EXPECT_EQ(run_blip({"caption", "--from-file", names, "-o", out, "--resume"}).exit_code, 0);
  expect_same_to_rounding(read_file(out),
                          run_blip({"caption", "--from-file", names, "--format", "jsonl"}).out);
}

TEST(Interrupt, ASignalIgnoredFromTheStartStaysIgnored) {
  const Folder folder;
  const std::string a = folder.picture("a.png");
  BackgroundBlip blip({"caption", "--from-file", "-", "--batch", "1"}, /*ignore_sigint=*/true);
  blip.type(a + "\n");
  EXPECT_NE(blip.read_line(), "");
  blip.signal(SIGINT);
  blip.type(a + "\n");
  EXPECT_NE(blip.read_line(), "");
  blip.close_input();
  EXPECT_EQ(blip.wait().exit_code, 0);
}

// Nobody reads its output and no byte fits there: it hangs in a write, also when it would close the
// array.
TEST(Interrupt, ASecondSignalKillsAProcessThatCannotLeave) {
  const Folder folder;
  BackgroundBlip blip({"caption", "--from-file", "-", "--batch", "1", "--format", "json"});
  blip.type(folder.picture("a.png") + "\n");
  EXPECT_EQ(blip.read_line(), "[");  // and the first record after it
  blip.fill_output();
  blip.signal(SIGINT);
  ASSERT_TRUE(blip.takes(SIGINT));
  EXPECT_FALSE(blip.wait_for_death(std::chrono::milliseconds(200))) << "it could leave";
  blip.signal(SIGINT);
  EXPECT_TRUE(blip.wait_for_death(std::chrono::seconds(60)));
}

}  // namespace
}  // namespace blip::testing
