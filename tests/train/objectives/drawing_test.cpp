// The losses of VQGAN and DALL-E mini and their gradients: those of PyTorch (data/vqgan.json and
// drawing.json, by tools/reference/make_drawing_training_fixtures.py).
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "architectures/dalle/config.hpp"
#include "tests/train/model/small_models.hpp"
#include "train/objectives/image_codes.hpp"
#include "train/objectives/vqgan_reconstruction.hpp"
#include "training_case.hpp"

namespace blip::train {
namespace {

nlohmann::json fixture(const std::string& name) {
  std::ifstream file(BLIP_SOURCE_DIR "/tests/train/objectives/data/" + name + ".json");
  return nlohmann::json::parse(file);
}

void expect_gradients(const Parameters& parameters, const nlohmann::json& gradients) {
  const NamedTensors trained = parameters.trained();
  EXPECT_EQ(trained.size(), gradients.size());
  for (const auto& [name, tensor] : trained) {
    ASSERT_TRUE(gradients.contains(name)) << name;
    // A sum with weights from the name, and the norm.
    const torch::Tensor weights = uniform("projection." + name, tensor.sizes());
    const nlohmann::json& kept = gradients.at(name);
    EXPECT_NEAR((weights * tensor.grad()).sum().item<double>(), kept.at(0).get<double>(),
                1e-9 * kept.at(1).get<double>() + 1e-14)
        << name;
  }
}

struct VqganCase {
  nlohmann::json wanted = fixture("vqgan");
  VqganTrainingModel model =
      make_vqgan_model(parse_vqgan_config(wanted.at("config").dump(), "the case"), torch::kCPU,
                       VqganUse::trained, torch::kFloat64);
  torch::Tensor pixels;  // [B, 3, S, S]

  VqganCase() {
    start(model.parameters);
    const std::int64_t side = model.config.resolution;
    const torch::Tensor values = uniform("pixels", {3, 3, side, side}) / 2 + 0.5;
    pixels = values.to(torch::kFloat32).to(torch::kFloat64);
  }
};

TEST(VqganTraining, LossesAndGradientsArePyTorchs) {
  const VqganCase tested;
  const torch::Tensor codes = tested.model.nearest_codes(tested.model.encode(tested.pixels));
  EXPECT_TRUE(codes.flatten(1).equal(integers(tested.wanted.at("codes"))));
  const VqganLosses losses =
      vqgan_losses(tested.model, tested.pixels,
                   {.commitment_weight = tested.wanted.at("commitment_weight")}, nullptr);
  losses.total.backward();
  const auto expect = [&](const char* name, const torch::Tensor& loss) {
    EXPECT_NEAR(loss.item<double>(), tested.wanted.at("losses").at(name).get<double>(), 1e-9)
        << name;
  };
  expect("total", losses.total);
  expect("reconstruction", losses.reconstruction);
  expect("codebook", losses.codebook);
  expect("commitment", losses.commitment);
  expect_gradients(tested.model.parameters, tested.wanted.at("gradients"));
}

TEST(VqganTraining, CodesThatAreHardlyUsedStartWhereTheEncoderIs) {
  const VqganCase tested;
  const torch::NoGradGuard no_grad;
  torch::Tensor(tested.model.code_use).zero_();
  torch::Tensor(tested.model.code_use)[3] = 1e6;
  const torch::Tensor third = tested.model.codebook[3].clone();
  const RankGather alone = single_process();
  const double before =
      vqgan_losses(tested.model, tested.pixels, {}, nullptr).codebook.item<double>();
  const VqganLosses after =
      vqgan_losses(tested.model, tested.pixels, {.restart_share = 0.1}, &alone);
  EXPECT_LT(after.codebook.item<double>(), 0.5 * before);
  EXPECT_TRUE(tested.model.codebook[3].equal(third));
  // All that were restarted are latents.
  const torch::Tensor latents = tested.model.encode(tested.pixels).reshape({-1, third.size(0)});
  for (std::int64_t code = 0; code < tested.model.codebook.size(0); ++code) {
    if (code == 3) continue;
    const torch::Tensor distance = (latents - tested.model.codebook[code]).abs().sum(1).min();
    EXPECT_LT(distance.item<double>(), 1e-6) << code;
  }
  // What is chosen is counted.
  EXPECT_LT(tested.model.code_use[3].item<double>(), 0.91e6);
}

TEST(DrawingTraining, LossAndGradientsArePyTorchs) {
  const nlohmann::json wanted = fixture("drawing");
  const DalleConfig config = parse_dalle_config(wanted.at("config").dump(), "the case");
  DalleTrainingModel model = make_dalle_model(config, torch::kCPU, torch::kFloat64);
  start(model.parameters);
  const torch::Tensor loss = drawing_loss(
      model,
      {{integers(wanted.at("ids")), integers(wanted.at("mask"))}, integers(wanted.at("codes"))});
  loss.backward();
  EXPECT_NEAR(loss.item<double>(), wanted.at("losses").at("total").get<double>(), 1e-9);
  expect_gradients(model.parameters, wanted.at("gradients"));
}

}  // namespace
}  // namespace blip::train
