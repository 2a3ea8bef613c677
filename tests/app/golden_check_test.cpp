// GoldenCheck on the small classifier: a result that holds and one that does not. What it says of
// the other tasks, `blip verify` shows in tests/cli.
#include "app/verify/golden_check.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace blip::app {
namespace {

TEST(GoldenCheck, ChecksTheLikeliestLabel) {
  const std::string data = BLIP_SOURCE_DIR "/tests/tasks/data/";
  std::ifstream stream(data + "hybrid.json");
  const auto photo = nlohmann::json::parse(stream).at("classifier").at(0);
  const auto label = photo.at("label").get<std::string>();
  const std::string image =
      BLIP_SOURCE_DIR "/examples/photos/" + photo.at("file").get<std::string>();
  GoldenCheck check(data + "classifier", 1);
  std::string problem;
  Golden golden;
  golden.task = GoldenTask::classify;
  golden.answer = label;
  EXPECT_EQ(expectation_of(golden), label);
  const auto outcome = check.run(golden, image, problem);
  ASSERT_TRUE(outcome) << problem;
  EXPECT_TRUE(outcome->holds);
  EXPECT_EQ(outcome->got, label);
  golden.answer = "no such label";
  EXPECT_FALSE(check.run(golden, image, problem)->holds);
}

}  // namespace
}  // namespace blip::app
