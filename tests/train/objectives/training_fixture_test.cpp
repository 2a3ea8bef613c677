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

// Of a tensor, a sum with weights from its name: what the fixture keeps of it, with its norm.
// Double precision on both sides, so the limit is for rounding alone. A gradient that is 0 by
// symmetry has no digits in common with the other side's.
void expect_same(const std::string& name, const torch::Tensor& tensor, double wanted, double norm,
                 const char* what) {
  const torch::Tensor weights = uniform("projection." + name, tensor.sizes());
  EXPECT_NEAR((weights * tensor.detach()).sum().item<double>(), wanted, 1e-9 * norm + 1e-14)
      << what << " of " << name;
}

class TrainingFixture : public testing::TestWithParam<const char*> {};

TEST_P(TrainingFixture, ThreeStepsAreTheOracles) {
  std::ifstream file(std::string(BLIP_SOURCE_DIR "/tests/train/objectives/data/") + GetParam() +
                     ".json");
  const nlohmann::json fixture = nlohmann::json::parse(file);
  const std::vector<TrainingStep> steps = run_training_case(fixture.at("case"));
  ASSERT_EQ(steps.size(), fixture.at("losses").size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const nlohmann::json& losses = fixture.at("losses").at(i);
    EXPECT_EQ(steps[i].losses.size(), losses.size());
    for (const auto& [name, loss] : steps[i].losses) {
      EXPECT_NEAR(loss.item<double>(), losses.at(name).get<double>(), 1e-9) << name << ' ' << i;
    }
  }

  // {NAME: [of the first gradient, its norm, of the last state, its norm]}
  const nlohmann::json& tensors = fixture.at("tensors");
  EXPECT_EQ(steps.back().state.size(), tensors.size());
  for (const auto& [name, gradient] : steps.front().gradients) {
    ASSERT_TRUE(tensors.contains(name)) << name;
    ASSERT_EQ(tensors.at(name).size(), 4U) << name;
    expect_same(name, gradient, tensors.at(name).at(0), tensors.at(name).at(1), "gradient");
  }
  for (const auto& [name, tensor] : steps.back().state) {
    ASSERT_TRUE(tensors.contains(name)) << name;
    const nlohmann::json& kept = tensors.at(name);
    expect_same(name, tensor, kept.at(kept.size() - 2), kept.at(kept.size() - 1), "state");
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, TrainingFixture,
                         testing::Values("pretraining", "retrieval", "captioning",
                                         "question_answering", "nlvr"),
                         [](const auto& task) { return std::string(task.param); });

}  // namespace
}  // namespace blip::train
