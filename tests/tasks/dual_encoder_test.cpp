// BLIP's dual encoders against the classes they stand for.
#include "tasks/dual_encoder.hpp"

#include <gtest/gtest.h>

#include "../core/expect_error.hpp"
#include "architectures/registry.hpp"
#include "small_model.hpp"
#include "tasks/embedding.hpp"

namespace blip {
namespace {

using TokenRows = std::vector<std::vector<TokenId>>;

const std::string kText = "Two dogs (brown) on a beach!";

TEST(DualEncoder, OfARetrievalModelIsThatModel) {
  SmallModel<BlipForImageTextRetrieval> small("itm");
  const auto encoder = open_dual_encoder(small.directory("itm"), {}, MatchingHead::required);
  EXPECT_EQ(encoder->architecture(), "BlipForImageTextRetrieval");
  EXPECT_TRUE(encoder->has_matching_head());
  for (const TextStyle style : {TextStyle::hf, TextStyle::original}) {
    EXPECT_TRUE(encoder->has_style(style));
    const TokenRows texts = {encoder->tokens(kText, style), encoder->tokens("a cat", style)};
    EXPECT_EQ(texts.front(), small.encode(style == TextStyle::hf ? kText : pre_caption(kText, 30)));
    EXPECT_EQ(encoder->embed_texts(texts, style, small.context).data,
              small.model.get_text_features(texts, style, small.context).data);
    const auto matchings = encoder->match(small.images.front(), texts, style, small.context);
    const auto matches =
        small.model.match(std::span(small.images).first(1), texts, style, small.context);
    ASSERT_EQ(matchings.size(), 2U);
    for (std::size_t i = 0; i < matchings.size(); ++i) {
      EXPECT_EQ(matchings[i].logit, matches[i].itm_logit);
      EXPECT_EQ(matchings[i].probability, matches[i].itm_probability);
    }
  }
  EXPECT_EQ(encoder->embed_images(small.images, small.context).data,
            small.model.get_image_features(small.images, small.context).data);
}

TEST(DualEncoder, ReadsPicturesThroughTheRegistry) {
  SmallModel<BlipForImageTextRetrieval> small("itm");
  const auto encoder = open_dual_encoder(small.directory("itm"), {});
  const auto processor = open_image_processor(small.directory("itm"));
  const Image photo = Image::open(BLIP_SOURCE_DIR "/examples/photos/" +
                                  small.golden.at("photos").front().get<std::string>());
  const auto images = encoder->encode_images((*processor)(std::span(&photo, 1)), small.context);
  EXPECT_EQ(images.front().last_hidden_state().data, small.images.front().last_hidden_state().data);
}

TEST(DualEncoder, OfABlipModelHasUnitLengthAndNoMatchingHead) {
  SmallModel<BlipModel> small("blip");
  const auto encoder = open_dual_encoder(small.directory("blip"), {});
  EXPECT_EQ(encoder->architecture(), "BlipModel");
  EXPECT_FALSE(encoder->has_matching_head());
  EXPECT_TRUE(encoder->has_style(TextStyle::hf));
  EXPECT_FALSE(encoder->has_style(TextStyle::original));
  const TokenRows texts = {encoder->tokens(kText, TextStyle::hf)};
  EXPECT_EQ(texts.front(), small.encode(kText));

  Tensor images = small.model.get_image_features(small.images, small.context);
  normalize_rows(images);
  EXPECT_EQ(encoder->embed_images(small.images, small.context).data, images.data);
  const Tensor embedding = encoder->embed_texts(texts, TextStyle::hf, small.context);
  EXPECT_NEAR(dot(embedding.values(), embedding.values()), 1.0F, 1e-6F);
  expect_error(ErrorCode::unsupported, "a BlipModel has no image-text matching head", [&] {
    static_cast<void>(encoder->match(small.images.front(), texts, TextStyle::hf, small.context));
  });
}

TEST(DualEncoder, ModelsForSomethingElseAreRefusedAsTheClassesRefuseThem) {
  const auto refusal = [](const std::string& name, MatchingHead head) {
    try {
      static_cast<void>(open_dual_encoder(std::filesystem::path(BLIP_TEST_DATA) / name, {}, head));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  const std::string data = BLIP_TEST_DATA;
  const std::string needed =
      "; this needs a BlipForImageTextRetrieval, which matches images and texts";
  EXPECT_EQ(refusal("blip", MatchingHead::required),
            data + "/blip: is a BlipModel, which embeds images and texts" + needed);
  for (const MatchingHead head : {MatchingHead::optional, MatchingHead::required}) {
    EXPECT_EQ(refusal("vqa", head),
              data + "/vqa: is a BlipForQuestionAnswering, which answers questions about images" +
                  needed);
    EXPECT_EQ(refusal("nothing", head), data + "/nothing: no such model directory");
  }
}

}  // namespace
}  // namespace blip
