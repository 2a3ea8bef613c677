// Runs of `blip train capfilt` that were interrupted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "capfilt_case.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;

class CapfiltResume : public ::testing::Test, public CapfiltCase {
 protected:
  [[nodiscard]] std::vector<std::string> command(const std::string& output) const {
    return {"--data", web_, "--shard-size", "40", "--output", path(output)};
  }
  // Signals a run in another process when its first part is there; the status of its end.
  [[nodiscard]] int interrupted(const std::string& output, int signal) const {
    const pid_t child = ::fork();
    if (child == 0) {
      int code = 99;
      try {
        code = static_cast<int>(run(command(output)).exit_code);
      } catch (...) {  // 99 says it
      }
      ::_exit(code);
    }
    const auto first = path(output) / ".parts" / "000000.jsonl";
    int status = 0;
    while (!std::filesystem::exists(first) && ::waitpid(child, &status, WNOHANG) == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ::kill(child, signal);
    ::waitpid(child, &status, 0);
    return status;
  }
  static std::vector<std::string> resumed(std::vector<std::string> words) {
    words.emplace_back("--resume");
    return words;
  }
  std::string message_of(const std::vector<std::string>& words) const {
    try {
      run(words);
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  }

  std::string web_ = shard("web", 400);
};

TEST_F(CapfiltResume, GoesOnAfterASignal) {
  const int status = interrupted("stopped", SIGTERM);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
  EXPECT_FALSE(std::filesystem::exists(path("stopped") / "decisions.jsonl"));
  EXPECT_TRUE(std::filesystem::exists(path("stopped") / "capfilt-000000.tar"));
  run(resumed(command("stopped")));
  run(command("whole"));
  EXPECT_EQ(files("stopped"), files("whole"));
}

TEST_F(CapfiltResume, LosesAPartAtMostWhenItIsKilled) {
  const int status = interrupted("killed", SIGKILL);
  ASSERT_TRUE(WIFSIGNALED(status));
  const auto first = path("killed") / "capfilt-000000.tar";
  const auto written = std::filesystem::last_write_time(first);
  run(resumed(command("killed")));
  EXPECT_EQ(std::filesystem::last_write_time(first), written);  // not done again
  run(command("whole"));
  EXPECT_EQ(files("killed"), files("whole"));
}

TEST_F(CapfiltResume, ContinuesNoOtherRun) {
  web_ = shard("few", 2);
  run(command("out"));
  const auto before = files("out");
  EXPECT_THAT(message_of(command("out")), HasSubstr("continue it with --resume"));
  auto other = resumed(command("out"));
  other.insert(other.end(), {"--threshold", "0.6"});
  EXPECT_THAT(message_of(other), HasSubstr("begun with another --threshold"));
  EXPECT_EQ(files("out"), before);
  // One that is complete has its report made again.
  std::filesystem::remove(path("out") / "report.html");
  EXPECT_THAT(run(resumed(command("out"))).out, HasSubstr("web: "));
  EXPECT_EQ(files("out"), before);
}

}  // namespace
}  // namespace blip::testing
