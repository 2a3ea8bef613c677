// The progress line: on a terminal only, and never between results.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pictures.hpp"
#include "program.hpp"

namespace blip::testing {
namespace {

using ::testing::HasSubstr;

class ProgressLine : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::uint32_t i = 0; i < 4; ++i) folder_.picture(numbered("", i), i);
    folder_.file("bad.png", "");
  }
  [[nodiscard]] std::vector<std::string> command() const {
    return {"caption", folder_.path().string(), "--batch", "1"};
  }
  Folder folder_;
};

TEST_F(ProgressLine, ShowsHowFarTheRunIsAndASummaryAtItsEnd) {
  const Outcome run = run_on_terminal(command(), /*stdout_too=*/false);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("] 3/5  "));
  EXPECT_THAT(run.err, HasSubstr(" images/s"));
  EXPECT_THAT(run.err, HasSubstr(" left"));
  EXPECT_THAT(run.err, HasSubstr(", 1 failed"));
  EXPECT_THAT(run.err, HasSubstr("5 images in "));
  EXPECT_THAT(run.err, HasSubstr("blip: " + (folder_ / "bad.png") + ": "));
  EXPECT_EQ(run.out, run_blip(command()).out);
}

TEST_F(ProgressLine, IsTakenAwayBeforeAResultIsPrintedOnTheSameTerminal) {
  const Outcome run = run_on_terminal(command(), /*stdout_too=*/true);
  // Every line that ends in a line break starts at the edge of an erased or fresh line.
  std::size_t results = 0;
  for (std::size_t at = 0, end = 0; (end = run.err.find("\r\n", at)) != std::string::npos;
       at = end + 2) {
    std::string line = run.err.substr(at, end - at);
    if (const auto erased = line.rfind("\x1b[2K"); erased != std::string::npos) {
      line.erase(0, erased + 4);
    }
    if (line.starts_with(folder_.path().string())) ++results;
    EXPECT_EQ(line.find('['), std::string::npos) << line;
  }
  EXPECT_EQ(results, 4U);
}

TEST_F(ProgressLine, IsAbsentWhenQuietOrForOneImageOrWithoutATerminal) {
  auto quiet = command();
  quiet.emplace_back("--quiet");
  EXPECT_EQ(run_on_terminal(quiet, false).err.find('\x1b'), std::string::npos);
  EXPECT_EQ(run_on_terminal({"caption", folder_ / "0.png"}, false).err, "");
  EXPECT_EQ(run_blip(command()).err.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace blip::testing
