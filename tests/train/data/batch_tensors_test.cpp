#include "train/data/batch_tensors.hpp"

#include <gtest/gtest.h>

#include "tests/core/expect_error.hpp"

namespace blip::train {
namespace {

Example example_of(std::uint8_t value, const std::string& text) {
  Example example;
  example.pictures = {Image(2, 2, {value, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0})};
  example.text = text;
  return example;
}

const BertTokenizer& tokenizer() {
  static const BertTokenizer kTokenizer =
      BertTokenizer::from_pretrained(BLIP_SOURCE_DIR "/models/bert-base-uncased");
  return kTokenizer;
}

TEST(BatchTensors, NormalisesPictures) {
  const std::vector<Example> examples = {example_of(51, "a"), example_of(102, "b")};
  const torch::Tensor pictures = picture_tensor(examples);
  ASSERT_EQ(pictures.sizes(), (std::vector<std::int64_t>{2, 3, 2, 2}));
  // ToTensor and Normalize of torchvision: (v / 255 - mean) / deviation, a plane for each channel.
  EXPECT_FLOAT_EQ(pictures[0][0][0][0].item<float>(), (0.2F - 0.48145466F) / 0.26862954F);
  EXPECT_FLOAT_EQ(pictures[1][0][0][0].item<float>(), (0.4F - 0.48145466F) / 0.26862954F);
  EXPECT_FLOAT_EQ(pictures[0][2][0][0].item<float>(), (1.0F - 0.40821073F) / 0.27577711F);
  EXPECT_FLOAT_EQ(pictures[0][1][1][1].item<float>(), (0.0F - 0.4578275F) / 0.26130258F);
}

TEST(BatchTensors, TakesEitherOfTwoPictures) {
  Example pair = example_of(51, "a");
  pair.pictures.push_back(example_of(102, "").pictures[0]);
  const std::vector<Example> examples = {pair};
  EXPECT_TRUE(
      picture_tensor(examples, 1).equal(picture_tensor(std::vector<Example>{example_of(102, "")})));
  expect_error(ErrorCode::invalid_argument, "an example has 1 pictures",
               [] { picture_tensor(std::vector<Example>{example_of(1, "")}, 1); });
  Example other = example_of(1, "");
  other.pictures[0] = Image(1, 1, {0, 0, 0});
  expect_error(ErrorCode::invalid_argument, "one size", [&] {
    picture_tensor(std::vector<Example>{example_of(1, ""), other});
  });
}

TEST(BatchTensors, TokenisesTexts) {
  const std::vector<Example> examples = {example_of(0, "a picture of"), example_of(0, "a")};
  const TextTensors texts = text_tensors(examples, tokenizer(), 40, Padding::to_longest);
  EXPECT_TRUE(texts.ids.equal(
      torch::tensor({{101, 1037, 3861, 1997, 102}, {101, 1037, 102, 0, 0}}, torch::kInt64)));
  EXPECT_TRUE(texts.mask.equal(torch::tensor({{1, 1, 1, 1, 1}, {1, 1, 1, 0, 0}}, torch::kInt64)));
}

TEST(BatchTensors, LaysCaptionsOneAfterTheOther) {
  std::vector<Example> examples = {example_of(0, "a"), example_of(0, "of")};
  examples[0].more_texts = {"a picture"};
  const TextTensors texts = text_tensors(examples, tokenizer(), 40, Padding::to_longest);
  EXPECT_TRUE(texts.ids.equal(torch::tensor(
      {{101, 1037, 102, 0}, {101, 1037, 3861, 102}, {101, 1997, 102, 0}}, torch::kInt64)));
  EXPECT_TRUE(text_counts(examples).equal(torch::tensor({2, 1}, torch::kInt64)));
}

TEST(BatchTensors, LaysAnswersOneAfterTheOther) {
  std::vector<Example> examples = {example_of(0, "q"), example_of(0, "q")};
  examples[0].answers = {{"a", 3, 0.75}, {"a picture", 1, 0.25}};
  examples[1].answers = {{"a", 1, 0.2}};
  const AnswerTensors answers = answer_tensors(examples, tokenizer(), 10);
  EXPECT_TRUE(answers.texts.ids.equal(torch::tensor(
      {{101, 1037, 102, 0}, {101, 1037, 3861, 102}, {101, 1037, 102, 0}}, torch::kInt64)));
  EXPECT_TRUE(answers.counts.equal(torch::tensor({2, 1}, torch::kInt64)));
  EXPECT_TRUE(answers.weights.equal(torch::tensor({0.75F, 0.25F, 0.2F})));
}

TEST(BatchTensors, CarriesNumbersAndLabels) {
  std::vector<Example> examples = {example_of(0, ""), example_of(0, "")};
  examples[1].image = 7;
  examples[1].is_true = true;
  EXPECT_TRUE(image_numbers(examples).equal(torch::tensor({0, 7}, torch::kInt64)));
  EXPECT_TRUE(statement_labels(examples).equal(torch::tensor({0, 1}, torch::kInt64)));
}

}  // namespace
}  // namespace blip::train
