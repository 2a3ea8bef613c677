// Three steps of every task against what the Python oracle made of them (data/*.json, by
// tools/reference/make_training_fixtures.py). parity_train.py compares every element, at more
// sizes.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "training_case.hpp"

namespace blip::train {
namespace {

// Of a tensor, a sum with weights from its name: what the fixture keeps of it.
double projection(const std::string& name, const torch::Tensor& tensor) {
  return (uniform("projection." + name, tensor.sizes()) * tensor.to(torch::kFloat64))
      .sum()
      .item<double>();
}

// kept: {NAME: [projection, norm]}
void expect_same(const NamedTensors& tensors, const nlohmann::json& kept, const std::string& what) {
  EXPECT_EQ(tensors.size(), kept.size()) << what;
  for (const auto& [name, tensor] : tensors) {
    ASSERT_TRUE(kept.contains(name)) << what << ' ' << name;
    const double wanted = kept.at(name).at(0);
    const double norm = kept.at(name).at(1);
    // Double precision on both sides, so this is rounding alone. Gradients that are 0 but for
    // rounding have no digits in common.
    EXPECT_NEAR(projection(name, tensor.detach()), wanted, 1e-9 * norm + 1e-14)
        << what << ' ' << name;
  }
}

class TrainingFixture : public testing::TestWithParam<const char*> {};

TEST_P(TrainingFixture, ThreeStepsAreTheOracles) {
  std::ifstream file(std::string(BLIP_TEST_DATA "/") + GetParam() + ".json");
  const nlohmann::json fixture = nlohmann::json::parse(file);
  const std::vector<TrainingStep> steps = run_training_case(fixture.at("case"));
  ASSERT_EQ(steps.size(), 3U);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const nlohmann::json& wanted = fixture.at("steps").at(i);
    const std::string number = "step " + std::to_string(i);
    expect_same(steps[i].losses, wanted.at("losses"), number + " loss");
    expect_same(steps[i].gradients, wanted.at("gradients"), number + " gradient");
    expect_same(steps[i].state, wanted.at("state"), number + " state");
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, TrainingFixture,
                         testing::Values("pretraining", "retrieval", "captioning",
                                         "question_answering", "nlvr"),
                         [](const auto& task) { return std::string(task.param); });

}  // namespace
}  // namespace blip::train
