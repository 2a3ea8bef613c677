#include "train/model/parameters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "blip/error.hpp"
#include "small_models.hpp"

namespace blip::train {
namespace {

std::string problem(Parameters& parameters, const NamedTensors& state) {
  try {
    parameters.load_state(state);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(Parameters, StateComesBackAsItWas) {
  PretrainingModel model = make_pretraining_model(small_config(), small_options());
  model.parameters.initialise(seeded(1));
  NamedTensors saved;
  for (const auto& [name, tensor] : model.parameters.named_state()) {
    saved.emplace_back(name, tensor.detach().clone());
  }
  model.parameters.initialise(seeded(2));
  model.queue.pointer.fill_(4);
  model.parameters.load_state(saved);
  const NamedTensors loaded = model.parameters.named_state();
  ASSERT_EQ(loaded.size(), saved.size());
  for (std::size_t i = 0; i < saved.size(); ++i) {
    const auto& [name, tensor] = loaded[i];
    EXPECT_EQ(name, saved[i].first);
    EXPECT_TRUE(tensor.equal(saved[i].second)) << name;
  }
  EXPECT_TRUE(model.decoder.word_embedding.is_same(model.language_model_head.weight));
  for (const char* name : {"temp", "image_queue", "text_queue", "queue_ptr",
                           "vision_model_m.post_layernorm.weight", "text_proj_m.bias"}) {
    EXPECT_NE(model.parameters.find(name), nullptr) << name;
  }
}

// A layer's outputs spread as far in a narrow tower as in one of the published width.
TEST(Parameters, NarrowTowersStartWithLargerWeights) {
  for (const int width : {64, 768, 1024}) {
    BlipConfig config = small_config();
    config.vision_config.hidden_size = config.text_config.hidden_size = width;
    config.vision_config.intermediate_size = config.text_config.intermediate_size = 4 * width;
    CaptioningModel model = make_captioning_model(config, {});
    model.parameters.initialise(seeded(1));
    const double expected = width == 64 ? 0.02 * std::sqrt(768.0 / 64.0) : 0.02;
    for (const torch::Tensor& weight :
         {model.vision.blocks[1].fc1.weight, model.decoder.layers[1].crossattention[0].key.weight,
          model.decoder.layers[0].output.weight}) {
      EXPECT_NEAR(weight.std().item<double>(), expected, 0.03 * expected) << width;
    }
  }
}

TEST(Parameters, AStateThatDoesNotFitIsRefusedWhole) {
  Parameters parameters;
  const torch::Tensor a = parameters.add("a", {2}, Role::trained, {});
  parameters.add("b", {3}, Role::buffer, {});
  parameters.initialise(seeded(1));
  const torch::Tensor ones = torch::ones({2});
  EXPECT_THAT(problem(parameters, {{"a", ones}}), testing::HasSubstr("no tensor \"b\""));
  EXPECT_THAT(problem(parameters, {{"a", ones}, {"b", ones}}),
              testing::HasSubstr("\"b\" is [2] in the state instead of [3]"));
  EXPECT_THAT(problem(parameters, {{"a", ones}, {"a", ones}}), testing::HasSubstr("\"a\" twice"));
  EXPECT_THAT(problem(parameters, {{"a", ones}, {"b", torch::ones({3})}, {"c", ones}}),
              testing::HasSubstr("\"c\", which nothing here is called"));
  EXPECT_EQ(a.sum().item<float>(), 0.0F);
}

TEST(Parameters, InitialValuesHaveTheirSpread) {
  Parameters parameters;
  const auto add = [&](const char* name, InitialValue::Kind kind, double value) {
    return parameters.add(name, {200, 100}, Role::trained, {kind, value});
  };
  const torch::Tensor normal = add("normal", InitialValue::Kind::normal, 0.02);
  const torch::Tensor truncated = add("truncated", InitialValue::Kind::truncated_normal, 0.02);
  const torch::Tensor cut = add("cut", InitialValue::Kind::truncated_normal, 2.0);
  const torch::Tensor uniform = add("uniform", InitialValue::Kind::uniform, 0.3);
  parameters.initialise(seeded(1));
  EXPECT_NEAR(normal.std().item<double>(), 0.02, 0.0005);
  EXPECT_NEAR(truncated.std().item<double>(), 0.02, 0.0005);
  EXPECT_NEAR(truncated.mean().item<double>(), 0.0, 0.0005);
  EXPECT_LE(cut.abs().max().item<double>(), 2.0);
  EXPECT_NEAR(cut.std().item<double>(), 2.0 * 0.5396, 0.02);  // of a normal cut at ±1 deviation
  EXPECT_LE(uniform.abs().max().item<double>(), 0.3);
  EXPECT_NEAR(uniform.std().item<double>(), 0.3 / std::sqrt(3.0), 0.005);

  const torch::Tensor first = normal.detach().clone();
  parameters.initialise(seeded(1));
  EXPECT_TRUE(normal.equal(first));
  parameters.initialise(seeded(2));
  EXPECT_FALSE(normal.equal(first));
}

TEST(Momentum, FollowsByItsCoefficient) {
  PretrainingModel model = make_pretraining_model(small_config(), small_options());
  model.parameters.initialise(seeded(1));
  copy_to_momentum(model.momentum_pairs);
  EXPECT_EQ(model.momentum_pairs.size(),
            model.parameters.named_state().size() - model.parameters.trained().size() - 3);
  const torch::Tensor trained = model.online.vision_projection.weight;
  const torch::Tensor momentum = model.momentum.vision_projection.weight;
  EXPECT_TRUE(momentum.equal(trained));
  const torch::NoGradGuard no_grad;
  const torch::Tensor before = momentum.clone();
  torch::Tensor(trained).add_(1.0);
  update_momentum(model.momentum_pairs);
  EXPECT_TRUE(torch::allclose(momentum, 0.995 * before + 0.005 * (before + 1.0)));
}

}  // namespace
}  // namespace blip::train
