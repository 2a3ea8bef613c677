// Ctrl-C and its relatives: what was printed stays whole, and the exit code tells.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "pictures.hpp"
#include "program.hpp"

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

TEST(Interrupt, LinesAreWholeAndTheRunEndsBeforeTheBatchDoes) {
  const Folder folder;
  for (std::uint32_t i = 0; i < 400; ++i) folder.picture(numbered("", i), i);
  // Beam search on large pictures: one batch takes far longer than this test waits.
  BackgroundBlip blip({"caption", folder.path().string(), "--format", "jsonl", "--batch", "100",
                       "--beams", "5", "--image-size", "448"});
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  const auto asked = std::chrono::steady_clock::now();
  blip.signal(SIGINT);
  const Outcome run = blip.wait();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(2));
  EXPECT_EQ(run.exit_code, 130);
  EXPECT_TRUE(run.out.empty() || run.out.ends_with('\n'));
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
    for (int i = 0; i < 200 && !std::filesystem::exists(out); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    blip.signal(SIGINT);
    EXPECT_EQ(blip.wait().exit_code, 130);
  }
  EXPECT_EQ(run_blip({"caption", "--from-file", names, "-o", out, "--resume"}).exit_code, 0);
  EXPECT_EQ(read_file(out), run_blip({"caption", "--from-file", names, "--format", "jsonl"}).out);
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

TEST(Interrupt, ASecondSignalKillsAProcessThatCannotLeave) {
  const Folder folder;
  std::string list;
  const std::string a = folder.picture("a.png");
  // Nobody reads its output: it soon fills the pipe and hangs in a write, where it cannot close the
  // array either.
  for (int i = 0; i < 3000; ++i) list += a + "\n";
  BackgroundBlip blip({"caption", "--from-file", folder.file("list", list), "--format", "json",
                       "--batch", "64", "--max-new-tokens", "1", "--image-size", "16"});
  for (double before = -1, now = blip.processor_time(); now != before;
       before = now, now = blip.processor_time()) {  // until it sleeps for good
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  }
  blip.signal(SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  blip.signal(SIGINT);
  EXPECT_TRUE(blip.wait_for_death(std::chrono::seconds(5)));
}

}  // namespace
}  // namespace blip::testing
