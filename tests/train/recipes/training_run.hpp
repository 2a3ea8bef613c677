// TrainingRun: runs of blip-train on small data, from beginning to end.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "small_run.hpp"
#include "tests/core/temporary_directory.hpp"
#include "train/run/log_reader.hpp"
#include "worker.hpp"

namespace blip::train {

class TrainingRun : public ::testing::Test {
 protected:
  void SetUp() override { testing::write_small_data(path()); }
  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }

  void train(Task task, const std::string& run, std::vector<std::string> settings,
             const std::vector<std::string>& flags = {}) {
    std::vector<std::string> words = testing::small_run(task, path(), run, settings);
    words.insert(words.end(), flags.begin(), flags.end());
    const testing::WorkerOutcome outcome = testing::Worker(words).wait();
    output_ = outcome.output;
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  }
  [[nodiscard]] std::string validation() const {
    return "data.validation=[\"" + (path() / "data-000000.tar").string() + "\"]";
  }
  [[nodiscard]] LogSeries log(const std::string& run) const {
    return read_log(path() / run / "log.jsonl");
  }
  [[nodiscard]] std::vector<double> matching_losses(const std::string& run) const {
    std::vector<double> losses;
    const LogSeries series = log(run);
    for (const LogPoint& point : series.at("matching")) losses.push_back(point.value);
    return losses;
  }

  std::string output_;

 private:
  TemporaryDirectory directory_;
};

}  // namespace blip::train
