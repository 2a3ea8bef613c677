// CLIP and its towers against transformers, with weights made from the tensors' names
// (tools/reference/make_filled_fixtures.py).
#include "blip/clip.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "architectures/registry.hpp"
#include "blip/chinese_clip.hpp"
#include "checkpoint/safetensors_writer.hpp"
#include "filled_model.hpp"
#include "tasks/dual_encoder.hpp"
#include "tasks/image_classifier.hpp"
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

// The same model's tensors with the prefix that transformers 4 wrote.
void add_prefix(const FilledModel& filled, const std::string& prefix) {
  std::vector<ExpectedTensor> tensors = family_of(filled.path()).expected_tensors(filled.path());
  std::string file = filled_file(tensors);
  for (ExpectedTensor& tensor : tensors) tensor.name = prefix + tensor.name;
  // The values are those of the short names: only the header is another.
  std::vector<SafetensorsPlace> places;
  std::size_t bytes = 0;
  for (const ExpectedTensor& tensor : tensors) {
    places.push_back({tensor.name, DType::f32, tensor.shape});
    std::size_t count = sizeof(float);
    for (const std::int64_t size : tensor.shape) count *= static_cast<std::size_t>(size);
    bytes += count;
  }
  filled.directory().write("model.safetensors",
                           safetensors_header(places) + file.substr(file.size() - bytes));
}

TEST(ClipTowers, WithoutProjectionsAreTransformersToo) {
  Context context({.num_threads = 2});
  for (const bool has_prefix : {false, true}) {
    SCOPED_TRACE(has_prefix);
    const FilledModel vision("clip_vision_alone");
    if (has_prefix) add_prefix(vision, "vision_model.");
    const auto images_of = CLIPVisionModel::from_pretrained(vision.path());
    EXPECT_TRUE(images_of.ignored_tensors().empty());
    const auto images = images_of.encode_images(pixels(), context);
    expect_rows(stacked_states(images), vision.golden().at("last_hidden_state"), 2e-5, "states");
    expect_rows(images_of.pooler_output(images), vision.golden().at("pooler_output"), 1e-5,
                "pooler_output of images");
    const FilledModel text("clip_text_alone");
    if (has_prefix) add_prefix(text, "text_model.");
    const auto texts_of = CLIPTextModel::from_pretrained(text.path());
    EXPECT_TRUE(texts_of.ignored_tensors().empty());
    expect_rows(texts_of.pooler_output(texts(), context), text.golden().at("pooler_output"), 1e-5,
                "pooler_output of texts");
    for (const FilledModel* filled : {&vision, &text}) {
      const TensorDifferences found =
          compare(Checkpoint::open(filled->path()),
                  family_of(filled->path()).expected_tensors(filled->path()));
      EXPECT_TRUE(found.missing.empty() && found.unused.empty() && found.unfitting.empty());
    }
    const auto encoder = open_dual_encoder(vision.path(), {});
    EXPECT_EQ(encoder->architecture(), "CLIPVisionModel");
  }
  // Of a whole model too.
  const FilledModel whole("clip");
  EXPECT_EQ(CLIPTextModel::from_pretrained(whole.path()).pooler_output(texts(), context).shape,
            (std::vector<std::int64_t>{4, 32}));
}

TEST(ClipClassifier, HasTransformersLogits) {
  Context context({.num_threads = 2});
  const FilledModel filled("clip_classifier");
  const auto model = CLIPForImageClassification::from_pretrained(filled.path());
  EXPECT_TRUE(model.ignored_tensors().empty());
  expect_rows(model.logits(pixels(), context), filled.golden().at("logits"), 1e-5, "logits");
  expect_rows(model.logits(filled_tensor("pixels-wide", {1, 3, 48, 40}), context),
              filled.golden().at("wide_logits"), 1e-5, "wide logits");
  EXPECT_EQ(open_image_classifier(filled.path(), {})->labels().size(), 7);
  // A CLIP without a classifier is none, nor the other way round.
  const FilledModel clip("clip");
  expect_error(ErrorCode::unsupported, "is a CLIPModel, which has no classes",
               [&] { static_cast<void>(open_image_classifier(clip.path(), {})); });
  expect_error(ErrorCode::unsupported, "is a CLIPForImageClassification, which classifies images",
               [&] { static_cast<void>(CLIPModel::from_pretrained(filled.path())); });
}

TEST(ChineseClip, HasTransformersFeatures) {
  Context context({.num_threads = 2});
  const FilledModel filled("chinese_clip");
  const auto model = ChineseCLIPModel::from_pretrained(filled.path());
  EXPECT_TRUE(model.ignored_tensors().empty());
  const auto& golden = filled.golden();
  const Tensor images = model.get_image_features(model.encode_images(pixels(), context), context);
  expect_rows(images, golden.at("image_features"), 1e-5, "image_features");
  expect_rows(model.get_text_features(texts(), context), golden.at("text_features"), 1e-5,
              "text_features");
  const Texts second = {texts()[1]};
  expect_rows(model.logits_per_image(images, model.get_text_features(second, context)),
              golden.at("logits_per_image"), 2e-5, "logits_per_image");
  const std::vector<std::vector<TokenId>> unknown = {{64}};
  expect_error(ErrorCode::invalid_argument, "token id 64 is outside",
               [&] { static_cast<void>(model.get_text_features(unknown, context)); });
}

TEST(ChineseClip, StaysCloseInInt8) {
  Context context({.num_threads = 2});
  const FilledModel filled("chinese_clip");
  const auto exact = ChineseCLIPModel::from_pretrained(filled.path());
  const auto close =
      ChineseCLIPModel::from_pretrained(filled.path(), {.weight_type = WeightType::i8});
  const Tensor wanted = exact.get_text_features(texts(), context);
  const Tensor got = close.get_text_features(texts(), context);
  EXPECT_NE(got.data, wanted.data);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_GT(cosine(wanted.values().subspan(i * 24, 24), got.values().subspan(i * 24, 24)), 0.99);
  }
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
