// A small random model against the original definition of BLIP's NLVR2 model, written in PyTorch
// (tools/reference/original_definitions.py).
#include "blip/nlvr.hpp"

#include <gtest/gtest.h>

#include "../core/expect_error.hpp"
#include "small_model.hpp"
#include "tasks/image_memory.hpp"

namespace blip {
namespace {

using nlohmann::json;

constexpr int kStatementWords = 40;

class Nlvr : public ::testing::Test {
 protected:
  SmallModel<BlipForNLVR> small_{"nlvr"};
};

TEST_F(Nlvr, JudgesAsTheOriginal) {
  ASSERT_GE(small_.golden.at("cases").size(), 12U);
  std::vector<EncodedImage> left;
  std::vector<EncodedImage> right;
  std::vector<std::vector<TokenId>> statements;
  for (const json& entry : small_.golden.at("cases")) {
    left.push_back(small_.images.at(entry.at("left").get<std::size_t>()));
    right.push_back(small_.images.at(entry.at("right").get<std::size_t>()));
    statements.push_back(
        small_.encode(pre_caption(entry.at("statement").get<std::string>(), kStatementWords)));
    const Tensor alone =
        small_.model.logits(std::span(&left.back(), 1), std::span(&right.back(), 1),
                            std::span(&statements.back(), 1), small_.context);
    expect_values(alone.values(), entry.at("logits"), 2e-5, entry.at("statement"));
  }
  const Tensor together = small_.model.logits(left, right, statements, small_.context);
  for (std::size_t i = 0; i < left.size(); ++i) {
    expect_values(together.values().subspan(2 * i, 2), small_.golden.at("cases")[i].at("logits"),
                  2e-5, "together");
  }
}

TEST_F(Nlvr, ManyStatementsAboutOnePair) {
  const std::vector<std::vector<TokenId>> statements = {small_.encode("two dogs"),
                                                        small_.encode("a cat on the table")};
  const auto left = std::span(small_.images).first(1);
  const auto right = std::span(small_.images).subspan(1, 1);
  const Tensor logits = small_.model.logits(left, right, statements, small_.context);
  EXPECT_EQ(logits.shape, (std::vector<std::int64_t>{2, 2}));
  EXPECT_NE(logits.data[0], logits.data[2]);
}

TEST_F(Nlvr, AnImageIsReadOnceOnEachSide) {
  const auto image = std::span(small_.images).first(1);
  const std::vector<std::vector<TokenId>> statement = {small_.encode("two dogs")};
  const Tensor first = small_.model.logits(image, image, statement, small_.context);
  const Tensor again = small_.model.logits(image, image, statement, small_.context);
  EXPECT_EQ(first.data, again.data);
  EXPECT_EQ(image.front().memory().readings.size(), 2U);
}

TEST_F(Nlvr, RefusesUnpairedImages) {
  const std::vector<std::vector<TokenId>> statement = {small_.encode("two dogs")};
  expect_error(ErrorCode::invalid_argument, "2 left images and 1 right", [&] {
    (void)small_.model.logits(std::span(small_.images).first(2), std::span(small_.images).first(1),
                              statement, small_.context);
  });
}

}  // namespace
}  // namespace blip
