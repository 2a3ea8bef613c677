// log.jsonl: what is written is found again, and a resumed run does not say things twice.
#include "train/run/run_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <sstream>

#include "blip/error.hpp"
#include "train/run/log_reader.hpp"
#include "worker.hpp"

namespace blip::train {
namespace {

using ::testing::HasSubstr;

class Log : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path file() const { return run_.path() / "log.jsonl"; }
  void append(const std::string& text) const { std::ofstream(file(), std::ios::app) << text; }
  [[nodiscard]] std::vector<std::int64_t> steps(const std::string& name) const {
    std::vector<std::int64_t> result;
    const LogSeries series = read_log(file());
    if (!series.contains(name)) return result;
    for (const LogPoint& point : series.at(name)) result.push_back(point.step);
    return result;
  }
  [[nodiscard]] std::string error() const {
    try {
      read_log(file());
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  testing::TemporaryDirectory run_;
};

TEST_F(Log, HasALineForEachStep) {
  RunLog log(run_.path(), 0);
  log.write(50, 0, {{"loss", 7.5}, {"learning_rate", 1e-6}});
  log.write(100, 1, {{"loss", 0.1}, {"matching", std::numeric_limits<double>::quiet_NaN()}});
  std::ifstream stream(file());
  std::string line;
  std::getline(stream, line);
  EXPECT_THAT(line,
              ::testing::MatchesRegex(
                  R"(\{"step":50,"epoch":0,"time":[0-9.]+,"loss":7.5,"learning_rate":1e-06\})"));
  std::getline(stream, line);
  EXPECT_THAT(line, HasSubstr("\"loss\":0.1,\"matching\":null}"));
  const LogSeries series = read_log(file());
  ASSERT_EQ(series.size(), 2U);
  EXPECT_EQ(series.at("loss")[1].step, 100);
  EXPECT_EQ(series.at("loss")[1].value, 0.1);
}

TEST_F(Log, DropsWhatAResumedRunDoesAgain) {
  {
    RunLog log(run_.path(), 0);
    for (const std::int64_t step : {10, 20, 30, 40}) log.write(step, 0, {{"loss", 1}});
  }
  append("{\"step\": 45, \"los");  // killed while it wrote
  RunLog log(run_.path(), 20);
  EXPECT_EQ(steps("loss"), (std::vector<std::int64_t>{10, 20}));
  log.write(30, 0, {{"loss", 2}});
  EXPECT_EQ(steps("loss"), (std::vector<std::int64_t>{10, 20, 30}));
  std::ifstream stream(file());
  std::ostringstream text;
  text << stream.rdbuf();
  EXPECT_EQ(text.str().find("los\n"), std::string::npos);
}

TEST_F(Log, StartsAnew) {
  { RunLog(run_.path(), 0).write(10, 0, {{"loss", 1}}); }
  RunLog log(run_.path(), 0);
  EXPECT_TRUE(steps("loss").empty());
}

TEST_F(Log, IsReadWithCare) {
  append("{\"step\": 1, \"loss\": 3, \"note\": \"x\"}\n\n{\"step\": 1, \"loss\": 4}\n{\"st");
  EXPECT_EQ(steps("loss"), (std::vector<std::int64_t>{1}));
  EXPECT_TRUE(steps("note").empty());
  append("\n");
  EXPECT_THAT(error(), HasSubstr("log.jsonl: line 4: not valid JSON"));
  std::filesystem::remove(file());
  append("{\"loss\": 3}\n");
  EXPECT_THAT(error(), HasSubstr("line 1: no step: not the log of a training run"));
  std::filesystem::remove(file());
  append("[]\n");
  EXPECT_THAT(error(), HasSubstr("line 1: expected a JSON object"));
  std::filesystem::remove(file());
  EXPECT_THAT(error(), HasSubstr("no such file"));
}

}  // namespace
}  // namespace blip::train
