#include "train/optimizer/adamw.hpp"

#include <gtest/gtest.h>

#include "blip/error.hpp"
#include "tests/train/model/small_models.hpp"

namespace blip::train {
namespace {

NamedTensors parameters_from(std::uint64_t seed) {
  const auto leaf = [&](torch::IntArrayRef shape, std::uint64_t offset) {
    return torch::randn(shape, seeded(seed + offset), torch::kFloat32).requires_grad_();
  };
  return {
      {"layer.weight", leaf({4, 3}, 0)}, {"layer.bias", leaf({4}, 100)}, {"temp", leaf({}, 200)}};
}

void set_gradients(const NamedTensors& parameters, std::uint64_t seed) {
  for (const auto& [name, tensor] : parameters) {
    torch::Tensor(tensor).mutable_grad() =
        torch::randn(tensor.sizes(), seeded(seed), torch::kFloat32);
  }
}

TEST(AdamW, IsTorchs) {
  const NamedTensors ours = parameters_from(1);
  const NamedTensors theirs = parameters_from(1);
  std::vector<torch::Tensor> list;
  for (const auto& [name, tensor] : theirs) list.push_back(tensor);
  AdamW optimizer(ours, {});
  torch::optim::AdamW peer(list, torch::optim::AdamWOptions(1.0).weight_decay(0.05));
  for (int step = 0; step < 5; ++step) {
    const double rate = 1e-2 / (1 + step);
    static_cast<torch::optim::AdamWOptions&>(peer.param_groups()[0].options()).lr(rate);
    set_gradients(ours, 10 + step);
    set_gradients(theirs, 10 + step);
    optimizer.step(rate);
    peer.step();
    for (std::size_t i = 0; i < ours.size(); ++i) {
      EXPECT_TRUE(torch::allclose(ours[i].second, theirs[i].second, 1e-6, 1e-7)) << ours[i].first;
    }
  }
  EXPECT_EQ(optimizer.steps(), 5);
}

TEST(AdamW, DecaysEverythingUnlessLavisIsAskedFor) {
  const NamedTensors everything = parameters_from(1);
  const NamedTensors as_lavis = parameters_from(1);
  const NamedTensors before = parameters_from(1);
  AdamW first(everything, {});
  AdamW second(as_lavis, {.decay_everything = false});
  for (const auto& parameters : {everything, as_lavis}) {
    for (const auto& [name, tensor] : parameters)
      torch::Tensor(tensor).mutable_grad() = torch::zeros_like(tensor);
  }
  first.step(0.1);
  second.step(0.1);
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(torch::allclose(everything[i].second, before[i].second * (1 - 0.1 * 0.05)));
  }
  EXPECT_TRUE(torch::allclose(as_lavis[0].second, before[0].second * (1 - 0.1 * 0.05)));
  EXPECT_TRUE(as_lavis[1].second.equal(before[1].second));  // a bias
  EXPECT_TRUE(as_lavis[2].second.equal(before[2].second));  // the temperature
  EXPECT_TRUE(
      decays_in_lavis("text_encoder.embeddings.word_embeddings.weight", torch::ones({2, 2})));
  EXPECT_FALSE(decays_in_lavis("post_layernorm.weight", torch::ones({2})));
}

TEST(AdamW, TheVisionTowerLearnsAtItsPartOfTheRate) {
  const auto parameters_of_two = [] {
    NamedTensors parameters = parameters_from(1);
    parameters[0].first = "vision_model.post_layernorm.weight";
    return parameters;
  };
  const NamedTensors parts = parameters_of_two();
  const NamedTensors slow = parameters_of_two();
  const NamedTensors fast = parameters_of_two();
  AdamW optimizer_of_parts(parts, {.vision_learning_rate_factor = 0.25});
  AdamW optimizer_of_slow(slow, {});
  AdamW optimizer_of_fast(fast, {});
  for (int step = 0; step < 3; ++step) {
    for (const auto& parameters : {parts, slow, fast}) set_gradients(parameters, step);
    optimizer_of_parts.step(1e-2);
    optimizer_of_slow.step(0.25e-2);
    optimizer_of_fast.step(1e-2);
  }
  EXPECT_TRUE(parts[0].second.equal(slow[0].second));
  EXPECT_TRUE(parts[1].second.equal(fast[1].second));
  EXPECT_TRUE(parts[2].second.equal(fast[2].second));
  EXPECT_FALSE(parts[0].second.equal(fast[0].second));

  const NamedTensors still = parameters_of_two();
  AdamW optimizer_of_still(still, {.vision_learning_rate_factor = 0.0});
  set_gradients(still, 1);
  optimizer_of_still.step(1e-2);
  EXPECT_TRUE(still[0].second.equal(parameters_of_two()[0].second));
  EXPECT_FALSE(still[1].second.equal(parameters_of_two()[1].second));
}

TEST(AdamW, GoesOnFromItsStateBitForBit) {
  const NamedTensors parameters = parameters_from(1);
  AdamW optimizer(parameters, {});
  for (int step = 0; step < 3; ++step) {
    set_gradients(parameters, step);
    optimizer.step(1e-2);
  }
  const NamedTensors copy = parameters_from(50);
  {
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < copy.size(); ++i)
      torch::Tensor(copy[i].second).copy_(parameters[i].second);
  }
  AdamW resumed(copy, {});
  resumed.load_state(optimizer.named_state());
  EXPECT_EQ(resumed.steps(), 3);
  set_gradients(parameters, 9);
  set_gradients(copy, 9);
  optimizer.step(1e-2);
  resumed.step(1e-2);
  for (std::size_t i = 0; i < copy.size(); ++i)
    EXPECT_TRUE(copy[i].second.equal(parameters[i].second));
  EXPECT_THROW(resumed.load_state({}), Error);
}

TEST(AdamW, LeavesParametersWithoutGradientAlone) {
  const NamedTensors parameters = parameters_from(1);
  const torch::Tensor before = parameters[1].second.detach().clone();
  set_gradients(parameters, 2);
  torch::Tensor(parameters[1].second).mutable_grad().reset();
  AdamW optimizer(parameters, {});
  optimizer.step(0.1);
  EXPECT_TRUE(parameters[1].second.equal(before));
}

}  // namespace
}  // namespace blip::train
