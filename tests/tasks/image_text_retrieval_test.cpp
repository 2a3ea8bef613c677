// A small random model against transformers, and in the original's style against padded batches of
// the same (tools/reference/make_task_fixtures.py).
#include "blip/image_text_retrieval.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "../core/expect_error.hpp"
#include "../core/temporary_directory.hpp"
#include "small_model.hpp"

namespace blip {
namespace {

using nlohmann::json;

constexpr double kTolerance = 2e-5;

std::span<const float> row(const Tensor& tensor, std::size_t index) {
  const auto width = static_cast<std::size_t>(tensor.shape.back());
  return tensor.values().subspan(index * width, width);
}

class ImageTextRetrieval : public ::testing::Test {
 protected:
  std::vector<TokenId> text_of(const json& entry) const {
    const auto text = entry.at("text").get<std::string>();
    return small_.encode(style_of(entry) == TextStyle::hf ? text : pre_caption(text));
  }

  SmallModel<BlipForImageTextRetrieval> small_{"itm"};
};

TEST_F(ImageTextRetrieval, EmbedsAsTheReference) {
  const Tensor images = small_.model.get_image_features(small_.images, small_.context);
  const json& expected = small_.golden.at("image_embeddings");
  ASSERT_EQ(images.shape,
            (std::vector<std::int64_t>{6, small_.model.config().image_text_hidden_size}));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    expect_values(row(images, i), expected[i], kTolerance, "image " + std::to_string(i));
  }
  for (const json& entry : small_.golden.at("cases")) {
    const auto text = text_of(entry);
    const Tensor embedding =
        small_.model.get_text_features(std::span(&text, 1), style_of(entry), small_.context);
    expect_values(embedding.values(), entry.at("embedding"), kTolerance, entry.at("text"));
  }
}

TEST_F(ImageTextRetrieval, MatchesAsTheReference) {
  ASSERT_GE(small_.golden.at("cases").size(), 12U);
  for (const json& entry : small_.golden.at("cases")) {
    const auto text = text_of(entry);
    const auto what = entry.at("text").get<std::string>();
    const Tensor logits = small_.model.itm_logits(small_.images, std::span(&text, 1),
                                                  style_of(entry), small_.context);
    const auto matches =
        small_.model.match(small_.images, std::span(&text, 1), style_of(entry), small_.context);
    ASSERT_EQ(matches.size(), small_.images.size());
    for (std::size_t i = 0; i < matches.size(); ++i) {
      expect_values(row(logits, i), entry.at("itm_logits")[i], kTolerance, what);
      EXPECT_EQ(matches[i].itm_logit, row(logits, i)[1]);
      EXPECT_NEAR(matches[i].itm_probability, entry.at("probabilities")[i][1].get<double>(),
                  kTolerance);
      EXPECT_NEAR(matches[i].itc, entry.at("itc")[i].get<double>(), kTolerance);
    }
  }
}

TEST_F(ImageTextRetrieval, ManyTextsAgainstOneImageEqualOneByOne) {
  std::vector<std::vector<TokenId>> texts;
  while (texts.size() < 300) {  // more tokens than are encoded at once
    for (const json& entry : small_.golden.at("cases")) texts.push_back(text_of(entry));
  }
  const auto image = std::span(small_.images).subspan(1, 1);
  const auto together = small_.model.match(image, texts, TextStyle::hf, small_.context);
  ASSERT_EQ(together.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); i += 7) {
    const auto alone =
        small_.model.match(image, std::span(&texts[i], 1), TextStyle::hf, small_.context);
    EXPECT_NEAR(together[i].itm_logit, alone[0].itm_logit, kTolerance);
    EXPECT_NEAR(together[i].itc, alone[0].itc, kTolerance);
  }
}

TEST_F(ImageTextRetrieval, PairsUpAsManyImagesAsTexts) {
  std::vector<std::vector<TokenId>> texts;
  for (std::size_t i = 0; i < small_.images.size(); ++i) {
    texts.push_back(text_of(small_.golden.at("cases").at(i)));
  }
  const auto pairs = small_.model.match(small_.images, texts, TextStyle::hf, small_.context);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const json& entry = small_.golden.at("cases").at(i);
    ASSERT_EQ(entry.at("style"), "hf");
    EXPECT_NEAR(pairs[i].itm_probability, entry.at("probabilities")[i][1].get<double>(),
                kTolerance);
    EXPECT_NEAR(pairs[i].itc, entry.at("itc")[i].get<double>(), kTolerance);
  }
}

TEST_F(ImageTextRetrieval, AnImageRemembersWhatEachModelReadsOfIt) {
  const auto image = std::span(small_.images).first(1);
  const std::vector<std::vector<TokenId>> text = {small_.encode("a cat")};
  const auto first = small_.model.match(image, text, TextStyle::hf, small_.context);
  // Another model of the same widths reads the same handle with its own weights.
  const auto other = BlipForImageTextRetrieval::from_pretrained(
      SmallModel<BlipModel>::directory("itm"), {.weight_type = WeightType::bf16});
  const auto rounded = other.match(image, text, TextStyle::hf, small_.context);
  EXPECT_NE(first[0].itm_logit, rounded[0].itm_logit);
  EXPECT_EQ(small_.model.match(image, text, TextStyle::hf, small_.context)[0].itm_logit,
            first[0].itm_logit);
}

TEST_F(ImageTextRetrieval, PositionsOfAnotherGridAreResampledWhenLoaded) {
  // The checkpoint of 32 px with a configuration of 48: as the same model shown images of 48 px.
  const TemporaryDirectory directory;
  std::filesystem::copy(SmallModel<BlipModel>::directory("itm"), directory.path(),
                        std::filesystem::copy_options::recursive);
  std::ifstream original(SmallModel<BlipModel>::directory("itm") + "/config.json");
  json config = json::parse(original);
  config["vision_config"]["image_size"] = 48;
  std::ofstream(directory.path() / "config.json") << config;
  const auto resampled = BlipForImageTextRetrieval::from_pretrained(directory.path());

  BlipImageProcessorConfig processor = small_.processor.image_processor();
  processor.height = processor.width = 48;
  const BlipInputs inputs = BlipProcessor(processor, small_.processor.tokenizer())(
      Image::open(BLIP_SOURCE_DIR "/examples/photos/cat.jpg"));
  const auto expected = small_.model.encode_images(inputs.pixel_values, small_.context);
  const auto images = resampled.encode_images(inputs.pixel_values, small_.context);
  EXPECT_EQ(images[0].last_hidden_state().data, expected[0].last_hidden_state().data);
}

TEST_F(ImageTextRetrieval, NothingGivesNothing) {
  EXPECT_TRUE(small_.model.match({}, {}, TextStyle::hf, small_.context).empty());
  EXPECT_TRUE(small_.model.get_text_features({}, TextStyle::hf, small_.context).data.empty());
}

TEST_F(ImageTextRetrieval, RefusesAnImageOfAnotherWidth) {
  SmallModel<BlipModel> other("blip");
  const std::vector<std::vector<TokenId>> text = {small_.encode("a cat")};
  expect_error(ErrorCode::invalid_argument, "encoded by another model", [&] {
    (void)small_.model.match(std::span(other.images).first(1), text, TextStyle::hf, small_.context);
  });
}

}  // namespace
}  // namespace blip
