// CLIP and its towers against transformers, with weights made from the tensors' names
// (tools/reference/make_filled_fixtures.py).
#include "blip/clip.hpp"

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

Tensor stacked_states(const std::vector<EncodedImage>& images) {
  Tensor all{{std::ssize(images), images[0].last_hidden_state().shape[0],
              images[0].last_hidden_state().shape[1]},
             {}};
  for (const EncodedImage& image : images) {
    const auto& data = image.last_hidden_state().data;
    all.data.insert(all.data.end(), data.begin(), data.end());
  }
  return all;
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

class Clip : public ::testing::TestWithParam<const char*> {};

TEST_P(Clip, HasTransformersFeatures) {
  const FilledModel filled(GetParam());
  Context context({.num_threads = 2});
  const CLIPModel model = CLIPModel::from_pretrained(filled.path());
  EXPECT_TRUE(model.ignored_tensors().empty());
  const auto& golden = filled.golden();

  const std::vector<EncodedImage> images = model.encode_images(pixels(), context);
  expect_rows(stacked_states(images), golden.at("last_hidden_state"), 2e-5, "last_hidden_state");
  const Tensor features = model.get_image_features(images, context);
  expect_rows(features, golden.at("image_features"), 1e-5, "image_features");

  const Tensor of_texts = model.get_text_features(texts(), context);
  expect_rows(of_texts, golden.at("text_features"), 1e-5, "text_features");
  const Texts second = {texts()[1]};
  expect_rows(model.logits_per_image(features, model.get_text_features(second, context)),
              golden.at("logits_per_image"), 2e-5, "logits_per_image");

  const Tensor wide = filled_tensor("pixels-wide", {1, 3, 48, 40});
  expect_rows(model.get_image_features(model.encode_images(wide, context), context),
              golden.at("wide_features"), 1e-5, "wide_features");
}

INSTANTIATE_TEST_SUITE_P(Configurations, Clip,
                         ::testing::Values("clip", "clip_gelu", "clip_tanh", "clip_eos",
                                           "clip_odd_heads"));

TEST(ClipTowers, AreTransformersAlone) {
  Context context({.num_threads = 2});
  const FilledModel vision("clip_vision");
  const auto images = CLIPVisionModelWithProjection::from_pretrained(vision.path());
  expect_rows(images.image_embeds(images.encode_images(pixels(), context), context),
              vision.golden().at("image_embeds"), 1e-5, "image_embeds");
  const FilledModel text("clip_text");
  const auto of_texts = CLIPTextModelWithProjection::from_pretrained(text.path());
  expect_rows(of_texts.text_embeds(texts(), context), text.golden().at("text_embeds"), 1e-5,
              "text_embeds");
  EXPECT_EQ(of_texts.last_hidden_state(texts()[0], context).shape,
            (std::vector<std::int64_t>{5, 32}));
}

TEST(ClipTowers, AreReadOfAWholeModelToo) {
  Context context({.num_threads = 2});
  const FilledModel filled("clip");
  const CLIPModel whole = CLIPModel::from_pretrained(filled.path());
  const auto vision = CLIPVisionModelWithProjection::from_pretrained(filled.path());
  const auto text = CLIPTextModelWithProjection::from_pretrained(filled.path());
  EXPECT_EQ(vision.image_embeds(vision.encode_images(pixels(), context), context).data,
            whole.get_image_features(whole.encode_images(pixels(), context), context).data);
  EXPECT_EQ(text.text_embeds(texts(), context).data,
            whole.get_text_features(texts(), context).data);
  EXPECT_FALSE(vision.ignored_tensors().empty());
  // A tower is no whole model.
  const FilledModel tower("clip_vision");
  expect_error(ErrorCode::unsupported, "is a CLIPVisionModelWithProjection, which embeds images",
               [&] { static_cast<void>(CLIPModel::from_pretrained(tower.path())); });
}

TEST(ClipTexts, DoNotFeelTheirNeighbours) {
  Context context({.num_threads = 2});
  const FilledModel filled("clip");
  const CLIPModel model = CLIPModel::from_pretrained(filled.path());
  Texts many;
  for (int i = 0; i < 500; ++i) many.push_back(texts()[static_cast<std::size_t>(i) % 4]);
  const Tensor together = model.get_text_features(many, context);
  for (const std::size_t i : {0, 1, 2, 3, 497, 499}) {
    const Tensor alone = model.get_text_features(std::span(&many[i], 1), context);
    for (std::size_t c = 0; c < 24; ++c) {
      EXPECT_NEAR(alone.data[c], together.data[i * 24 + c], 1e-5) << "text " << i;
    }
  }
}

TEST(ClipTexts, ThatCannotBeReadAreRefused) {
  Context context({.num_threads = 1});
  const FilledModel filled("clip");
  const CLIPModel model = CLIPModel::from_pretrained(filled.path());
  const auto read = [&](std::vector<TokenId> text) {
    const Texts one = {std::move(text)};
    static_cast<void>(model.get_text_features(one, context));
  };
  expect_error(ErrorCode::invalid_argument, "a text has no tokens", [&] { read({}); });
  expect_error(ErrorCode::invalid_argument, "token id 64 is outside", [&] { read({62, 64}); });
  expect_error(ErrorCode::invalid_argument, "token id -1 is outside", [&] { read({-1}); });
  expect_error(ErrorCode::limit_exceeded, "longer than the model's 12 positions",
               [&] { read(std::vector<TokenId>(13, 62)); });
}

// At these widths every layer multiplies in integers.
TEST(ClipWeights, OfOtherTypesStayClose) {
  Context context({.num_threads = 2});
  const FilledModel filled("clip");
  const CLIPModel exact = CLIPModel::from_pretrained(filled.path());
  const Tensor images = exact.get_image_features(exact.encode_images(pixels(), context), context);
  const Tensor of_texts = exact.get_text_features(texts(), context);
  for (const auto& [type, least] :
       {std::pair(WeightType::i8, 0.995), std::pair(WeightType::f16, 0.99999),
        std::pair(WeightType::bf16, 0.999)}) {
    const CLIPModel model = CLIPModel::from_pretrained(filled.path(), {.weight_type = type});
    const Tensor close_images =
        model.get_image_features(model.encode_images(pixels(), context), context);
    const Tensor close_texts = model.get_text_features(texts(), context);
    EXPECT_NE(close_images.data, images.data);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_GT(
          cosine(images.values().subspan(i * 24, 24), close_images.values().subspan(i * 24, 24)),
          least)
          << static_cast<int>(type);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_GT(
          cosine(of_texts.values().subspan(i * 24, 24), close_texts.values().subspan(i * 24, 24)),
          least)
          << static_cast<int>(type);
    }
  }
}

}  // namespace
}  // namespace blip
