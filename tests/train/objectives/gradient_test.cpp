// Every objective's gradient against finite differences, in double precision.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/train/model/small_models.hpp"
#include "train/objectives/training_losses.hpp"

namespace blip::train {
namespace {

// Of the momentum encoder in ITC's targets. These are divided by the temperature without a gradient
// for it, so differences in the temperature would see them change if they had a share.
constexpr double kAlpha = 0.0;

const NegativeSampler kNext = [](const torch::Tensor& weights) {
  return (torch::arange(weights.size(0)) + 1) % weights.size(0);
};

NamedTensors copies_of(const NamedTensors& tensors) {
  NamedTensors copies;
  for (const auto& [name, tensor] : tensors) copies.emplace_back(name, tensor.detach().clone());
  return copies;
}

// In every trained tensor, along a random direction: (loss(x + h d) - loss(x - h d)) / 2h = g · d.
// A loss may change queue and momentum, so the state is put back before each call.
void check_gradients(Parameters& parameters, const std::function<torch::Tensor()>& loss) {
  constexpr double kStep = 1e-5;
  parameters.initialise(seeded(11));
  {
    // Large enough that no gradient is too small to compare, however new weights are drawn.
    constexpr double kDeviation = 0.3;
    const torch::Generator generator = seeded(12);
    const torch::NoGradGuard no_grad;
    for (const Parameter& parameter : parameters.all()) {
      if (parameter.tensor.dim() >= 2 && parameter.role != Role::buffer)
        torch::Tensor(parameter.tensor).normal_(0.0, kDeviation, generator);
    }
  }
  const NamedTensors start = copies_of(parameters.named_state());
  loss().backward();
  NamedTensors gradients;
  for (const auto& [name, tensor] : parameters.trained()) {
    ASSERT_TRUE(tensor.grad().defined()) << name;
    gradients.emplace_back(name, tensor.grad().clone());
  }
  const NamedTensors trained = parameters.trained();
  for (std::size_t i = 0; i < trained.size(); ++i) {
    const auto& [name, tensor] = trained[i];
    const torch::Tensor direction = torch::randn(tensor.sizes(), seeded(i), torch::kFloat64);
    const auto at = [&](double offset) {
      parameters.load_state(start);
      const torch::NoGradGuard no_grad;
      torch::Tensor(tensor).add_(direction, offset);
      return loss().item<double>();
    };
    const double difference = (at(kStep) - at(-kStep)) / (2 * kStep);
    const double slope = (gradients[i].second * direction).sum().item<double>();
    EXPECT_NEAR(difference, slope, 1e-7 + 1e-5 * std::abs(slope)) << name;
  }
}

// Momentum follows the trained tensors within a step, but no gradient passes through that: for the
// differences the copies must stay where they are. Their share of a change, 0.005, is checked by
// comparing with the oracle instead.
template <typename Model>
void hold_momentum(Model& model) {
  model.momentum_pairs.clear();
}

TEST(Gradients, Pretraining) {
  PretrainingModel model =
      make_pretraining_model(small_config(), small_options(0.0, torch::kFloat64));
  hold_momentum(model);
  const PretrainingBatch batch = {small_images(4, torch::kFloat64), small_texts(4)};
  check_gradients(model.parameters, [&] {
    return pretraining_losses(model, batch, kAlpha, kNext, single_process()).total;
  });
}

TEST(Gradients, Retrieval) {
  RetrievalModel model = make_retrieval_model(small_config(), small_options(0.0, torch::kFloat64));
  hold_momentum(model);
  const RetrievalBatch batch = {small_images(4, torch::kFloat64), small_texts(4),
                                torch::tensor({3L, 5L, 3L, 4L}, torch::kInt64)};
  check_gradients(model.parameters, [&] {
    return retrieval_losses(model, batch, kAlpha, NegativesFrom::all_ranks, kNext, single_process())
        .total;
  });
}

TEST(Gradients, Captioning) {
  CaptioningModel model =
      make_captioning_model(small_config(), small_options(0.0, torch::kFloat64));
  const CaptioningBatch batch = {small_images(3, torch::kFloat64), small_texts(3), 1};
  check_gradients(model.parameters, [&] { return captioning_loss(model, batch); });
}

TEST(Gradients, CaptionsOfOnePictureAreThoseOfAsManyPictures) {
  CaptioningModel model =
      make_captioning_model(small_config(), small_options(0.0, torch::kFloat64));
  model.parameters.initialise(seeded(11));
  const torch::Tensor images = small_images(2, torch::kFloat64);
  const auto gradients = [&](const CaptioningBatch& batch) {
    for (const auto& [name, tensor] : model.parameters.trained()) tensor.mutable_grad().reset();
    const torch::Tensor loss = captioning_loss(model, batch);
    loss.backward();
    NamedTensors all = {{"loss", loss.detach()}};
    for (const auto& [name, tensor] : model.parameters.trained()) {
      all.emplace_back(name, tensor.grad());
    }
    return all;
  };
  const torch::Tensor counts = torch::tensor({1L, 2L}, torch::kInt64);
  const NamedTensors together = gradients({images, small_texts(3), 1, counts});
  const NamedTensors alone =
      gradients({torch::stack({images[0], images[1], images[1]}), small_texts(3), 1});
  ASSERT_EQ(together.size(), alone.size());
  for (std::size_t i = 0; i < alone.size(); ++i) {
    EXPECT_TRUE(torch::allclose(together[i].second, alone[i].second, 1e-10, 1e-14))
        << alone[i].first;
  }
}

TEST(Gradients, QuestionAnswering) {
  QuestionAnsweringModel model =
      make_question_answering_model(small_config(), small_options(0.0, torch::kFloat64));
  const QuestionAnsweringBatch batch = {small_images(2, torch::kFloat64), small_texts(2),
                                        small_texts(3), torch::tensor({1L, 2L}, torch::kInt64),
                                        torch::tensor({1.0, 0.3, 0.6}, torch::kFloat64)};
  check_gradients(model.parameters, [&] { return question_answering_loss(model, batch); });
}

TEST(Gradients, Nlvr) {
  BlipConfig config = small_config();
  config.text_config.num_hidden_layers = 7;  // the last has a merge layer
  NlvrModel model = make_nlvr_model(config, small_options(0.0, torch::kFloat64));
  const NlvrBatch batch = {small_images(3, torch::kFloat64),
                           small_images(3, torch::kFloat64).flip(0), small_texts(3),
                           torch::tensor({1L, 0L, 1L}, torch::kInt64)};
  check_gradients(model.parameters, [&] { return nlvr_loss(model, batch); });
}

}  // namespace
}  // namespace blip::train
