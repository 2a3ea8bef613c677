// Where small random models looked, against autograd on the same
// (tools/reference/make_explain_fixtures.py).
#include "blip/grad_cam.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/expect_error.hpp"
#include "blip/blip.hpp"
#include "golden_values.hpp"

namespace blip {
namespace {

using nlohmann::json;

// Of the largest element of a text's maps.
constexpr double kTolerance = 1e-4;

/// A model of tests/tasks/data.
template <typename Model>
struct Looking {
  explicit Looking(const std::string& kind, WeightType weights = WeightType::stored,
                   int threads = 2)
      : golden(read_golden("grad_cam.json").at(kind)),
        processor(BlipProcessor::from_pretrained(BLIP_TEST_DATA "/" + kind)),
        model(Model::from_pretrained(BLIP_TEST_DATA "/" + kind, {.weight_type = weights})),
        context({.num_threads = threads}) {}

  [[nodiscard]] EncodedImage image_of(const json& entry) {
    const auto photo = entry.at("photo").get<std::string>();
    const BlipInputs inputs = processor(Image::open(BLIP_SOURCE_DIR "/examples/photos/" + photo));
    return model.encode_images(inputs.pixel_values, context).front();
  }

  [[nodiscard]] std::vector<TokenId> encode(const std::string& text) const {
    return processor.tokenizer().encode(text);
  }

  json golden;
  BlipProcessor processor;
  Model model;
  Context context;
};

GradCamOptions options_of(const json& entry) {
  GradCamOptions options;
  if (!entry.at("layer").is_null()) options.layer = entry.at("layer").get<int>();
  if (!entry.at("head").is_null()) options.head = entry.at("head").get<int>();
  return options;
}

TextStyle style_of(const json& entry) {
  return entry.at("style") == "hf" ? TextStyle::hf : TextStyle::original;
}

GradCam cam_of(Looking<BlipForImageTextRetrieval>& looking, const json& entry) {
  const auto text = entry.at("text").get<std::string>();
  const TextStyle style = style_of(entry);
  return looking.model.grad_cam(looking.image_of(entry),
                                looking.encode(style == TextStyle::hf ? text : pre_caption(text)),
                                style, options_of(entry), looking.context);
}

GradCam cam_of(Looking<BlipForQuestionAnswering>& looking, const json& entry) {
  const auto question = entry.at("question").get<std::string>();
  const TextStyle style = style_of(entry);
  return looking.model.grad_cam(
      looking.image_of(entry),
      looking.encode(style == TextStyle::hf ? question : pre_question(question)),
      entry.at("answer").get<std::vector<TokenId>>(), style, options_of(entry), looking.context);
}

GradCam cam_of(Looking<BlipForConditionalGeneration>& looking, const json& entry) {
  return looking.model.grad_cam(
      looking.image_of(entry), entry.at("sequence").get<std::vector<TokenId>>(),
      entry.at("prompt").get<std::size_t>(), options_of(entry), looking.context);
}

void expect_as_autograd(const GradCam& cam, const json& entry) {
  const auto maps = entry.at("maps").get<std::vector<double>>();
  const double largest = *std::max_element(maps.begin(), maps.end());
  const auto side = static_cast<std::int64_t>(std::sqrt(entry.at("mean").size()));
  const auto tokens = entry.at("tokens").get<std::int64_t>();
  EXPECT_EQ(static_cast<std::int64_t>(cam.tokens.size()), tokens);
  EXPECT_EQ(cam.maps.shape, (std::vector<std::int64_t>{tokens, side, side}));
  EXPECT_EQ(cam.mean.shape, (std::vector<std::int64_t>{side, side}));
  expect_values(cam.maps.values(), entry.at("maps"), kTolerance * largest, entry.dump());
  expect_values(cam.mean.values(), entry.at("mean"), kTolerance * largest, entry.dump());
  EXPECT_NEAR(cam.score, entry.at("score").get<double>(), 1e-4);
}

double cosine(const Tensor& left, const std::vector<double>& right) {
  double both = 0;
  double of_left = 0;
  double of_right = 0;
  for (std::size_t i = 0; i < right.size(); ++i) {
    const double value = left.data[i];
    both += value * right[i];
    of_left += value * value;
    of_right += right[i] * right[i];
  }
  return both / std::sqrt(of_left * of_right);
}

template <typename Model>
class GradCamOf : public ::testing::Test {
 protected:
  static std::string kind() {
    if constexpr (std::is_same_v<Model, BlipForImageTextRetrieval>) return "itm";
    if constexpr (std::is_same_v<Model, BlipForQuestionAnswering>) return "vqa";
    return "hybrid";
  }
};

using Models = ::testing::Types<BlipForImageTextRetrieval, BlipForQuestionAnswering,
                                BlipForConditionalGeneration>;
TYPED_TEST_SUITE(GradCamOf, Models);

TYPED_TEST(GradCamOf, IsThatOfAutograd) {
  Looking<TypeParam> looking(this->kind());
  ASSERT_GE(looking.golden.size(), 5U);
  for (const json& entry : looking.golden) expect_as_autograd(cam_of(looking, entry), entry);
}

// 16-bit weights are widened on the way back as on the way forth: the loss is that of the rounded
// model. int8 has other numbers, which point the same way.
TYPED_TEST(GradCamOf, HoldsForOtherNumberTypes) {
  for (const auto& [type, least] :
       {std::pair{WeightType::f16, 0.999}, {WeightType::bf16, 0.98}, {WeightType::i8, 0.95}}) {
    Looking<TypeParam> looking(this->kind(), type);
    for (const json& entry : looking.golden) {
      const auto maps = entry.at("maps").get<std::vector<double>>();
      if (*std::max_element(maps.begin(), maps.end()) == 0) continue;
      EXPECT_GT(cosine(cam_of(looking, entry).maps, maps), least)
          << static_cast<int>(type) << " " << entry.dump();
    }
  }
}

TYPED_TEST(GradCamOf, DoesNotDependOnThreads) {
  Looking<TypeParam> looking(this->kind());
  const json& entry = looking.golden.at(2);
  const GradCam two = cam_of(looking, entry);
  Looking<TypeParam> alone(this->kind(), WeightType::stored, 1);
  EXPECT_EQ(cam_of(alone, entry).maps.data, two.maps.data);
}

TYPED_TEST(GradCamOf, RefusesLayersAndHeadsThatAreNotThere) {
  Looking<TypeParam> looking(this->kind());
  for (const auto& [part, value] : {std::pair{"layer", 2}, {"layer", -1}, {"head", 2}}) {
    json entry = looking.golden.at(0);
    entry[part] = value;
    expect_error(ErrorCode::invalid_argument,
                 std::string(part) + " " + std::to_string(value) + " is outside",
                 [&] { (void)cam_of(looking, entry); });
  }
}

TEST(GradCam, OfATextWithoutWordsIsEmpty) {
  Looking<BlipForImageTextRetrieval> looking("itm");
  const GradCam cam =
      looking.model.grad_cam(looking.image_of(looking.golden.at(0)), looking.encode(""),
                             TextStyle::hf, {}, looking.context);
  EXPECT_TRUE(cam.tokens.empty());
  EXPECT_EQ(cam.maps.shape, (std::vector<std::int64_t>{0, 4, 4}));
  EXPECT_EQ(cam.mean.data, std::vector<float>(16, 0.0F));
}

TEST(GradCam, OfACaptionWithoutTokensIsEmpty) {
  Looking<BlipForConditionalGeneration> looking("hybrid");
  const auto& config = looking.model.config().text_config;
  const GradCam cam =
      looking.model.grad_cam(looking.image_of(looking.golden.at(0)),
                             {config.bos_token_id, config.sep_token_id}, 1, {}, looking.context);
  EXPECT_TRUE(cam.tokens.empty());
  EXPECT_EQ(cam.score, 0.0F);
}

TEST(GradCam, RefusesPromptsAndTokensThatCannotBe) {
  Looking<BlipForConditionalGeneration> looking("hybrid");
  const EncodedImage image = looking.image_of(looking.golden.at(0));
  const auto sequence = looking.golden.at(0).at("sequence").get<std::vector<TokenId>>();
  const auto cam = [&](const std::vector<TokenId>& ids, std::size_t prompt) {
    (void)looking.model.grad_cam(image, ids, prompt, {}, looking.context);
  };
  expect_error(ErrorCode::invalid_argument, "prompt of 0", [&] { cam(sequence, 0); });
  expect_error(ErrorCode::invalid_argument, "prompt of 99", [&] { cam(sequence, 99); });
  expect_error(ErrorCode::invalid_argument, "token id 1000000", [&] {
    cam({sequence.front(), 1'000'000}, 1);
  });
  expect_error(ErrorCode::invalid_argument, "token id -1", [&] { cam({sequence.front(), -1}, 1); });
}

// A picture that is not square has a map that is not.
TEST(GradCam, HasTheShapeOfThePatches) {
  Looking<BlipForImageTextRetrieval> looking("itm");
  const Tensor pixels{{1, 3, 24, 40}, std::vector<float>(3 * 24 * 40, 0.5F)};
  const auto images = looking.model.encode_images(pixels, looking.context);
  const GradCam cam = looking.model.grad_cam(images.front(), looking.encode("a cat"), TextStyle::hf,
                                             {}, looking.context);
  EXPECT_EQ(cam.maps.shape, (std::vector<std::int64_t>{2, 3, 5}));
}

}  // namespace
}  // namespace blip
