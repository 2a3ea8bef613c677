// A small random BlipModel against transformers (tools/reference/make_task_fixtures.py).
#include "blip/model.hpp"

#include <gtest/gtest.h>

#include "../core/expect_error.hpp"
#include "small_model.hpp"

namespace blip {
namespace {

using nlohmann::json;

class Features : public ::testing::Test {
 protected:
  Features() {
    for (const json& text : small_.golden.at("texts")) {
      texts_.push_back(small_.encode(text.get<std::string>()));
    }
  }

  // values: [rows][columns]
  static void expect_rows(const Tensor& tensor, const json& values, const std::string& what) {
    const auto width = static_cast<std::size_t>(tensor.shape.back());
    ASSERT_EQ(tensor.data.size(), values.size() * width);
    for (std::size_t i = 0; i < values.size(); ++i) {
      expect_values(tensor.values().subspan(i * width, width), values[i], 2e-5, what);
    }
  }

  SmallModel<BlipModel> small_{"blip"};
  std::vector<std::vector<TokenId>> texts_;
};

TEST_F(Features, AreTransformers) {
  const Tensor images = small_.model.get_image_features(small_.images, small_.context);
  const Tensor texts = small_.model.get_text_features(texts_, small_.context);
  expect_rows(images, small_.golden.at("image_features"), "images");
  expect_rows(texts, small_.golden.at("text_features"), "texts");
  expect_rows(small_.model.logits_per_image(images, texts), small_.golden.at("logits_per_image"),
              "logits_per_image");
}

TEST_F(Features, OfTextsReadWithImagesToo) {
  const json& expected = small_.golden.at("multimodal_features");
  ASSERT_EQ(expected.size(), small_.images.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    expect_rows(small_.model.get_multimodal_features(std::span(&small_.images[i], 1), texts_,
                                                     small_.context),
                expected[i], "image " + std::to_string(i));
  }
}

TEST_F(Features, OfAnotherWidthAreRefused) {
  const Tensor wrong{{1, 3}, {1, 2, 3}};
  expect_error(ErrorCode::invalid_argument, "image_features must be",
               [&] { (void)small_.model.logits_per_image(wrong, wrong); });
}

}  // namespace
}  // namespace blip
