#include "eval/retrieval_recall.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "blip/error.hpp"

namespace blip::testing {
namespace {

using ::testing::ElementsAre;

// Two images, the first with texts 0 and 2, the second with text 1.
const std::vector<std::size_t> kImageOfText = {0, 1, 0};

TEST(RetrievalRecall, TheBestTextOfAnImageAndTheImageOfEveryText) {
  const eval::ScoreMatrix scores = {.num_images = 2,
                                    .num_texts = 3,
                                    .values = {0.1F, 0.5F, 0.9F,  //
                                               0.3F, 0.2F, 0.4F}};
  const eval::RetrievalScores result = eval::retrieval_scores(scores, kImageOfText);
  EXPECT_THAT(result.text_ranks, ElementsAre(1, 3));
  EXPECT_THAT(result.image_ranks, ElementsAre(2, 2, 1));
  EXPECT_DOUBLE_EQ(result.text_retrieval.r1, 50);
  EXPECT_DOUBLE_EQ(result.text_retrieval.r5, 100);
  EXPECT_DOUBLE_EQ(result.text_retrieval.mean, 250.0 / 3);
  EXPECT_DOUBLE_EQ(result.text_retrieval.median_rank, 2);
  EXPECT_DOUBLE_EQ(result.text_retrieval.mean_rank, 2);
  EXPECT_DOUBLE_EQ(result.image_retrieval.r1, 100.0 / 3);
  EXPECT_DOUBLE_EQ(result.image_retrieval.median_rank, 2);
  EXPECT_DOUBLE_EQ(result.image_retrieval.mean_rank, 5.0 / 3);
  EXPECT_DOUBLE_EQ(result.r_mean, (250.0 + 100.0 / 3 + 200) / 6);
}

TEST(RetrievalRecall, CountsRanksUpToFiveAndTen) {
  // Text i belongs to image i, and image i has i better texts.
  constexpr std::size_t kSize = 12;
  eval::ScoreMatrix scores = {.num_images = kSize, .num_texts = kSize, .values = {}};
  std::vector<std::size_t> image_of_text;
  for (std::size_t image = 0; image < kSize; ++image) {
    image_of_text.push_back(image);
    for (std::size_t text = 0; text < kSize; ++text) {
      scores.values.push_back(text < image ? 2.0F : text == image ? 1.0F : 0.0F);
    }
  }
  const auto recall = eval::retrieval_scores(scores, image_of_text).text_retrieval;
  EXPECT_DOUBLE_EQ(recall.r1, 100.0 / 12);
  EXPECT_DOUBLE_EQ(recall.r5, 500.0 / 12);
  EXPECT_DOUBLE_EQ(recall.r10, 1000.0 / 12);
  EXPECT_DOUBLE_EQ(recall.median_rank, 6.5);
}

TEST(RetrievalRecall, EitherDirectionMayHaveScoresOfItsOwn) {
  const eval::ScoreMatrix good = {2, 3, {1, 0, 1, 0, 1, 0}};
  const eval::ScoreMatrix bad = {2, 3, {0, 1, 0, 1, 0, 1}};
  const eval::RetrievalScores result = eval::retrieval_scores(good, bad, kImageOfText);
  EXPECT_THAT(result.text_ranks, ElementsAre(1, 1));
  EXPECT_THAT(result.image_ranks, ElementsAre(2, 2, 2));
  EXPECT_THROW(eval::retrieval_scores(good, {3, 3, std::vector<float>(9, 0.0F)}, kImageOfText),
               Error);
}

TEST(RetrievalRecall, OneScoreForAllFindsNothing) {
  const eval::ScoreMatrix scores = {2, 3, std::vector<float>(6, -100.0F)};
  const eval::RetrievalScores result = eval::retrieval_scores(scores, kImageOfText);
  EXPECT_THAT(result.text_ranks, ElementsAre(2, 3));
  EXPECT_THAT(result.image_ranks, ElementsAre(2, 2, 2));
}

TEST(RetrievalRecall, RefusesWhatCannotBeRanked) {
  const std::vector<float> good(6, 0.0F);
  std::vector<float> bad = good;
  bad[4] = std::nanf("");
  const std::vector<std::size_t> missing = {0, 0, 0};
  const std::vector<std::size_t> beyond = {0, 1, 2};
  EXPECT_THROW(eval::retrieval_scores({2, 3, bad}, kImageOfText), Error);
  EXPECT_THROW(eval::retrieval_scores({2, 3, good}, missing), Error);
  EXPECT_THROW(eval::retrieval_scores({2, 3, good}, beyond), Error);
  EXPECT_THROW(eval::retrieval_scores({2, 2, good}, kImageOfText), Error);
  EXPECT_THROW(eval::retrieval_scores({3, 2, good}, kImageOfText), Error);
}

}  // namespace
}  // namespace blip::testing
