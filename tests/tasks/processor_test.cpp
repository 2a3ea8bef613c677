#include "blip/processor.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "blip/error.hpp"

namespace blip {
namespace {

class ProcessorTest : public ::testing::Test {
 protected:
  BlipProcessor processor_ = BlipProcessor::from_pretrained(BLIP_SOURCE_DIR "/tests/models/nano");
  Image grey_{2, 1, {1, 2, 3, 4, 5, 6}};
};

TEST_F(ProcessorTest, MakesTheShapesModelsTake) {
  const std::vector<Image> images = {grey_, grey_};
  EXPECT_EQ(processor_(grey_).pixel_values.shape, (std::vector<std::int64_t>{1, 3, 112, 112}));
  EXPECT_EQ(processor_(images).pixel_values.shape, (std::vector<std::int64_t>{2, 3, 112, 112}));
  EXPECT_TRUE(processor_(grey_).input_ids.empty());
}

TEST_F(ProcessorTest, GivesEachImageItsTextOrAllTheSame) {
  const std::vector<Image> images = {grey_, grey_};
  const std::vector<std::string> one = {"a dog"};
  const std::vector<std::string> two = {"a dog", "the beach at night"};
  const auto dog = processor_.tokenizer().encode("a dog");
  EXPECT_EQ(processor_(grey_, "a dog").input_ids, (std::vector<std::vector<TokenId>>{dog}));
  EXPECT_EQ(processor_(images, one).input_ids, (std::vector<std::vector<TokenId>>{dog, dog}));
  const auto rows = processor_(images, two).input_ids;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0], dog);
  EXPECT_EQ(rows[1], processor_.tokenizer().encode("the beach at night"));
  EXPECT_EQ(rows[0].front(), processor_.tokenizer().cls_token_id());
  EXPECT_EQ(rows[0].back(), processor_.tokenizer().sep_token_id());
}

TEST_F(ProcessorTest, RefusesAnotherNumberOfTexts) {
  const std::vector<Image> images = {grey_, grey_};
  const std::vector<std::string> three = {"a", "b", "c"};
  EXPECT_THROW((void)processor_(images, three), Error);
}

}  // namespace
}  // namespace blip
