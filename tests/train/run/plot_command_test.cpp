// `blip train plot`, run as a user would.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "train/run/run_log.hpp"
#include "worker.hpp"

namespace blip::train {
namespace {

using ::testing::HasSubstr;
using testing::Worker;
using testing::WorkerOutcome;

class PlotCommand : public ::testing::Test {
 protected:
  std::string run_with_log(const std::string& name) {
    const std::filesystem::path run = directory_.path() / name;
    std::filesystem::create_directory(run);
    RunLog log(run, 0);
    for (std::int64_t step = 0; step < 20; ++step)
      log.write(step, 0, {{"loss", static_cast<double>(20 - step)}});
    return run.string();
  }
  static WorkerOutcome train(const std::vector<std::string>& arguments) {
    return Worker(arguments, {}, BLIP_TRAIN_PROGRAM).wait();
  }
  [[nodiscard]] std::string output() const { return (directory_.path() / "curves.svg").string(); }
  [[nodiscard]] std::string picture() const {
    std::ifstream file(output());
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  testing::TemporaryDirectory directory_;
};

TEST_F(PlotCommand, DrawsRuns) {
  const std::string base = run_with_log("base");
  const std::string large = run_with_log("large");
  const WorkerOutcome outcome = train({"plot", base, large + "/log.jsonl", "-o", output()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_EQ(outcome.output, "");
  EXPECT_THAT(picture(), HasSubstr(">base<"));
  EXPECT_THAT(picture(), HasSubstr(">large<"));
}

TEST_F(PlotCommand, SaysWhatIsWrongInOneLine) {
  const std::string base = run_with_log("base");
  const auto error = [](const std::vector<std::string>& arguments) {
    const WorkerOutcome outcome = train(arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 1);
    return outcome.output;
  };
  EXPECT_THAT(error({}), HasSubstr("no command given"));
  EXPECT_THAT(error({"plod"}), HasSubstr("unknown command 'train plod'"));
  EXPECT_THAT(error({"plot", base}), HasSubstr("see: blip train plot --help"));
  EXPECT_THAT(error({"plot", base, "-o", "x.png"}), HasSubstr("must end in .svg"));
  EXPECT_THAT(error({"plot", base + "/nothing", "-o", output()}), HasSubstr("no such file"));
  EXPECT_THAT(error({"plot", base, "-o", output(), "--series", "lost"}),
              HasSubstr("no log has values of \"lost\""));
  EXPECT_THAT(error({"plot", base, "-o", output(), "--smoothing", "1"}), HasSubstr("--smoothing"));
  EXPECT_FALSE(std::filesystem::exists(output()));
}

TEST_F(PlotCommand, ExplainsItself) {
  EXPECT_THAT(train({"--help"}).output, HasSubstr("  plot "));
  EXPECT_THAT(train({"plot", "--help"}).output, HasSubstr("Usage: blip train plot LOG"));
}

}  // namespace
}  // namespace blip::train
