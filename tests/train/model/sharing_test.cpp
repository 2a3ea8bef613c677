// Which tensors the encoder and the decoder of pre-training share, and what that means for
// gradients.
#include <gtest/gtest.h>

#include "small_models.hpp"
#include "train/objectives/training_losses.hpp"

namespace blip::train {
namespace {

TEST(Sharing, AllButSelfAttentionIsOneTensor) {
  const PretrainingModel model = make_pretraining_model(small_config(), small_options());
  int shared = 0;
  int own = 0;
  for (const Parameter& parameter : model.parameters.all()) {
    const std::string decoder = "text_decoder.bert.";
    if (!parameter.name.starts_with(decoder)) continue;
    const std::string rest = parameter.name.substr(decoder.size());
    const Parameter* encoder = model.parameters.find("text_encoder." + rest);
    ASSERT_NE(encoder, nullptr) << rest;
    const bool is_self_attention = rest.find("/attention.") != std::string::npos ||
                                   rest.find(".attention.") != std::string::npos;
    EXPECT_EQ(encoder->tensor.is_same(parameter.tensor), !is_self_attention) << rest;
    (is_self_attention ? own : shared) += 1;
  }
  // Per layer: query, key, value, output, norm. And embeddings, cross-attention, feed-forward.
  EXPECT_EQ(own, 2 * 10);
  EXPECT_EQ(shared, 4 + 2 * (10 + 6));
  EXPECT_TRUE(model.language_model_head.weight.is_same(model.online.text.word_embedding));
  EXPECT_TRUE(
      model.online.text.layers[1].output.weight.is_same(model.decoder.layers[1].output.weight));
  EXPECT_FALSE(model.online.text.layers[1].attention.query.weight.is_same(
      model.decoder.layers[1].attention.query.weight));
}

TEST(Sharing, MomentumAndFineTunedModelsShareNothing) {
  const PretrainingModel model = make_pretraining_model(small_config(), small_options());
  EXPECT_FALSE(model.momentum.text.word_embedding.is_same(model.online.text.word_embedding));
  EXPECT_FALSE(model.momentum.text.word_embedding.requires_grad());
  const QuestionAnsweringModel vqa = make_question_answering_model(small_config(), small_options());
  EXPECT_FALSE(vqa.encoder.word_embedding.is_same(vqa.decoder.word_embedding));
  EXPECT_TRUE(vqa.language_model_head.weight.is_same(vqa.decoder.word_embedding));
}

TEST(Sharing, GradientOfTiedEmbeddingIsSumOfItsUses) {
  const ModelOptions options = small_options(0.0, torch::kFloat64);
  PretrainingModel model = make_pretraining_model(small_config(), options);
  model.parameters.initialise(seeded(1));
  copy_to_momentum(model.momentum_pairs);
  const NegativeSampler sampler = [](const torch::Tensor& weights) {
    return (torch::arange(weights.size(0)) + 1) % weights.size(0);
  };
  const PretrainingBatch batch = {small_images(4, torch::kFloat64), small_texts(4)};
  const NamedTensors before = [&] {
    NamedTensors copies;
    for (const auto& [name, tensor] : model.parameters.named_state()) {
      copies.emplace_back(name, tensor.detach().clone());
    }
    return copies;
  }();
  pretraining_losses(model, batch, 0.4, sampler, single_process()).total.backward();
  const torch::Tensor tied = model.decoder.word_embedding.grad().clone();

  // The same with a leaf for each use: encoder (unimodal and multimodal), decoder, output matrix.
  model.parameters.load_state(before);
  model.parameters.zero_grad();
  const auto leaf = [&] { return model.decoder.word_embedding.detach().clone().requires_grad_(); };
  const torch::Tensor encoder = leaf();
  const torch::Tensor decoder = leaf();
  const torch::Tensor output = leaf();
  model.online.text.word_embedding = encoder;
  model.decoder.word_embedding = decoder;
  model.language_model_head.weight = output;
  pretraining_losses(model, batch, 0.4, sampler, single_process()).total.backward();
  for (const torch::Tensor& use : {encoder, decoder, output}) {
    EXPECT_GT(use.grad().abs().max().item<double>(), 1e-6);
  }
  EXPECT_TRUE(torch::allclose(tied, encoder.grad() + decoder.grad() + output.grad(), 1e-12, 1e-14));
}

}  // namespace
}  // namespace blip::train
