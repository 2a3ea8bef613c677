// SigLIP against transformers, with weights made from the tensors' names
// (tools/reference/make_filled_fixtures.py).
#include "blip/siglip.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "filled_model.hpp"
#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

using Texts = std::vector<std::vector<TokenId>>;

const Tensor& pixels() {
  static const Tensor kPixels = filled_tensor("pixels", {2, 3, 32, 32});
  return kPixels;
}

Texts texts() {
  return read_golden("filled.json").at("texts").get<Texts>();
}

double cosine(std::span<const float> a, std::span<const float> b) {
  double dot = 0;
  double left = 0;
  double right = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    left += static_cast<double>(a[i]) * a[i];
    right += static_cast<double>(b[i]) * b[i];
  }
  return dot / std::sqrt(left * right);
}

class Siglip : public ::testing::TestWithParam<const char*> {};

TEST_P(Siglip, HasTransformersFeatures) {
  const FilledModel filled(GetParam());
  Context context({.num_threads = 2});
  const SiglipModel model = SiglipModel::from_pretrained(filled.path());
  EXPECT_TRUE(model.ignored_tensors().empty());
  const auto& golden = filled.golden();

  const std::vector<EncodedImage> images = model.encode_images(pixels(), context);
  Tensor states{{2, images[0].last_hidden_state().shape[0], images[0].last_hidden_state().shape[1]},
                {}};
  for (const EncodedImage& image : images) {
    const auto& data = image.last_hidden_state().data;
    states.data.insert(states.data.end(), data.begin(), data.end());
  }
  expect_rows(states, golden.at("last_hidden_state"), 2e-5, "last_hidden_state");
  const Tensor features = model.get_image_features(images, context);
  expect_rows(features, golden.at("image_features"), 1e-5, "image_features");

  const Tensor of_texts = model.get_text_features(texts(), context);
  expect_rows(of_texts, golden.at("text_features"), 1e-5, "text_features");
  const Texts second = {texts()[1]};
  expect_rows(model.logits_per_image(features, model.get_text_features(second, context)),
              golden.at("logits_per_image"), 2e-5, "logits_per_image");
  EXPECT_FLOAT_EQ(model.similarity_scale(), std::exp(2.6592F));
  EXPECT_FLOAT_EQ(model.similarity_bias(), 2.6592F);

  const Tensor wide = filled_tensor("pixels-wide", {1, 3, 48, 40});
  expect_rows(model.get_image_features(model.encode_images(wide, context), context),
              golden.at("wide_features"), 1e-5, "wide_features");
}

INSTANTIATE_TEST_SUITE_P(Configurations, Siglip, ::testing::Values("siglip", "siglip_odd"));

TEST(SiglipTexts, FeelTheirPadding) {
  Context context({.num_threads = 2});
  const FilledModel filled("siglip");
  const SiglipModel model = SiglipModel::from_pretrained(filled.path());
  const Texts two = {{62, 5, 9, 1}, {62, 5, 9, 1, 1, 1}};
  const Tensor features = model.get_text_features(two, context);
  EXPECT_LT(cosine(features.values().first(48), features.values().last(48)), 0.999);
}

TEST(SiglipTexts, ThatCannotBeReadAreRefused) {
  Context context({.num_threads = 1});
  const FilledModel filled("siglip");
  const SiglipModel model = SiglipModel::from_pretrained(filled.path());
  const auto read = [&](std::vector<TokenId> text) {
    const Texts one = {std::move(text)};
    static_cast<void>(model.get_text_features(one, context));
  };
  expect_error(ErrorCode::invalid_argument, "a text has no tokens", [&] { read({}); });
  expect_error(ErrorCode::invalid_argument, "token id 64 is outside", [&] { read({62, 64}); });
  expect_error(ErrorCode::limit_exceeded, "longer than the model's 12 positions",
               [&] { read(std::vector<TokenId>(13, 62)); });
}

// At these widths every layer multiplies in integers.
TEST(SiglipWeights, OfOtherTypesStayClose) {
  Context context({.num_threads = 2});
  const FilledModel filled("siglip");
  const SiglipModel exact = SiglipModel::from_pretrained(filled.path());
  const Tensor images = exact.get_image_features(exact.encode_images(pixels(), context), context);
  const Tensor of_texts = exact.get_text_features(texts(), context);
  for (const auto& [type, least] :
       {std::pair(WeightType::i8, 0.99), std::pair(WeightType::f16, 0.99999),
        std::pair(WeightType::bf16, 0.999)}) {
    const SiglipModel model = SiglipModel::from_pretrained(filled.path(), {.weight_type = type});
    const Tensor close_images =
        model.get_image_features(model.encode_images(pixels(), context), context);
    const Tensor close_texts = model.get_text_features(texts(), context);
    EXPECT_NE(close_images.data, images.data);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_GT(
          cosine(images.values().subspan(i * 48, 48), close_images.values().subspan(i * 48, 48)),
          least)
          << static_cast<int>(type);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_GT(
          cosine(of_texts.values().subspan(i * 48, 48), close_texts.values().subspan(i * 48, 48)),
          least)
          << static_cast<int>(type);
    }
  }
}

}  // namespace
}  // namespace blip
