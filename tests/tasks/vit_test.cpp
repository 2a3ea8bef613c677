// ViT, DeiT and DINOv2 against transformers, with weights made from the tensors' names
// (tools/reference/make_filled_fixtures.py).
#include "blip/vit.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "filled_model.hpp"
#include "tasks/dual_encoder.hpp"
#include "tasks/image_classifier.hpp"
#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

Tensor square() {
  return filled_tensor("pixels", {2, 3, 32, 32});
}

Tensor oblong() {
  return filled_tensor("pixels-wide", {1, 3, 48, 40});
}

Tensor states_of(const std::vector<EncodedImage>& images) {
  const auto& shape = images[0].last_hidden_state().shape;
  Tensor all{{std::ssize(images), shape[0], shape[1]}, {}};
  for (const EncodedImage& image : images) {
    const auto& data = image.last_hidden_state().data;
    all.data.insert(all.data.end(), data.begin(), data.end());
  }
  return all;
}

class VitClassifiers : public ::testing::TestWithParam<const char*> {};

TEST_P(VitClassifiers, HaveTransformersLogits) {
  const FilledModel filled(GetParam());
  Context context({.num_threads = 2});
  const auto model = ViTForImageClassification::from_pretrained(filled.path());
  EXPECT_TRUE(model.ignored_tensors().empty());
  expect_rows(model.logits(square(), context), filled.golden().at("logits"), 1e-5, "logits");
  expect_rows(model.logits(oblong(), context), filled.golden().at("wide_logits"), 1e-5, "wide");
}

TEST_P(VitClassifiers, StayCloseInInt8) {
  const FilledModel filled(GetParam());
  Context context({.num_threads = 2});
  const auto model =
      ViTForImageClassification::from_pretrained(filled.path(), {.weight_type = WeightType::i8});
  expect_rows(model.logits(square(), context), filled.golden().at("logits"), 0.1, "logits");
}

INSTANTIATE_TEST_SUITE_P(Configurations, VitClassifiers,
                         ::testing::Values("vit", "vit_no_bias", "deit", "deit_teacher",
                                           "dinov2_classifier", "dinov2_registers_classifier"));

class VitModels : public ::testing::TestWithParam<const char*> {};

TEST_P(VitModels, HaveTransformersStates) {
  const FilledModel filled(GetParam());
  Context context({.num_threads = 2});
  const ViTModel model = ViTModel::from_pretrained(filled.path());
  EXPECT_TRUE(model.ignored_tensors().empty());
  const auto& golden = filled.golden();
  const auto images = model.encode_images(square(), context);
  expect_rows(states_of(images), golden.at("last_hidden_state"), 1e-5, "last_hidden_state");
  expect_rows(model.pooler_output(images, context), golden.at("pooler_output"), 1e-5, "pooler");
  const auto wide = model.encode_images(oblong(), context);
  expect_rows(states_of(wide), golden.at("wide_last_hidden_state"), 1e-5, "wide state");
  expect_rows(model.pooler_output(wide, context), golden.at("wide_pooler_output"), 1e-5,
              "wide pooler");
}

INSTANTIATE_TEST_SUITE_P(Configurations, VitModels,
                         ::testing::Values("vit_model", "deit_model", "dinov2", "dinov2_swiglu",
                                           "dinov2_registers"));

TEST(Vit, OfAClassifierHasNoPooler) {
  const FilledModel filled("vit");
  Context context({.num_threads = 1});
  const ViTModel model = ViTModel::from_pretrained(filled.path());
  const auto images = model.encode_images(square(), context);
  EXPECT_FALSE(model.has_pooler_output());
  EXPECT_EQ(model.class_token(images).shape, (std::vector<std::int64_t>{2, 32}));
  expect_error(ErrorCode::unsupported, "has no pooler",
               [&] { static_cast<void>(model.pooler_output(images, context)); });
}

TEST(Vit, WithoutAHeadHasNoClasses) {
  const FilledModel filled("dinov2");
  expect_error(ErrorCode::unsupported, "is a Dinov2Model, which has no classes",
               [&] { static_cast<void>(open_image_classifier(filled.path(), {})); });
}

TEST(Vit, EmbedsImagesAlone) {
  Context context({.num_threads = 1});
  for (const auto& [name, embeddings] :
       {std::pair("dinov2", "pooler_output"), std::pair("clip_vision", "image_embeds")}) {
    SCOPED_TRACE(name);
    const FilledModel filled(name);
    const auto encoder = open_dual_encoder(filled.path(), {});
    EXPECT_FALSE(encoder->has_matching_head());
    const Tensor got = encoder->embed_images(encoder->encode_images(square(), context), context);
    auto wanted = filled.golden().at(embeddings).get<std::vector<std::vector<float>>>();
    for (std::vector<float>& row : wanted) {
      double squares = 0;
      for (const float value : row) squares += static_cast<double>(value) * value;
      for (float& value : row) value /= static_cast<float>(std::sqrt(squares));
    }
    expect_rows(got, nlohmann::json(wanted), 2e-6, name);
    expect_error(ErrorCode::unsupported, "reads no texts",
                 [&] { static_cast<void>(encoder->tokens("a cat", TextStyle::hf)); });
  }
}

TEST(Vit, ScoresAsThePipelineDoes) {
  FilledModel filled("vit");
  EXPECT_EQ(open_image_classifier(filled.path(), {})->scores(), LabelScores::softmax);
  nlohmann::json config = filled.golden().at("config");
  config["problem_type"] = "multi_label_classification";
  filled.directory().write("config.json", config.dump());
  EXPECT_EQ(open_image_classifier(filled.path(), {})->scores(), LabelScores::sigmoid);
  config["problem_type"] = "regression";
  filled.directory().write("config.json", config.dump());
  EXPECT_EQ(open_image_classifier(filled.path(), {})->scores(), LabelScores::none);
}

}  // namespace
}  // namespace blip
