// Accuracy of classifiers, and which labels the classes of a data set are.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "eval/class_labels.hpp"
#include "eval/classification_accuracy.hpp"
#include "tests/core/expect_error.hpp"

namespace blip::eval {
namespace {

using ::testing::ElementsAre;
using Names = std::vector<std::string>;

const Names& imagenet() {
  static const Names kLabels = {"tench, Tinca tinca",
                                "goldfish",
                                "great white shark, white shark",
                                "crane",
                                "crane",
                                "drum, membranophone",
                                "drum_kit",
                                "Äsche"};
  return kLabels;
}

std::vector<std::size_t> labels_of(const Names& classes) {
  return ClassLabels(imagenet()).labels_of(classes);
}

TEST(ClassLabels, CaseAndUnderscoresDoNotMatter) {
  EXPECT_THAT(labels_of({"Goldfish", "great_white_shark,_white_shark", "DRUM KIT", "äsche"}),
              ElementsAre(1, 2, 6, 7));
}

TEST(ClassLabels, OneNameOfALabelIsEnough) {
  EXPECT_THAT(labels_of({"tench", "White Shark", "tinca TINCA", "drum"}), ElementsAre(0, 2, 0, 5));
}

TEST(ClassLabels, NumbersArePlaces) {
  EXPECT_THAT(labels_of({"0", "7", "4"}), ElementsAre(0, 7, 4));
  // Unless a label is called so.
  EXPECT_THAT(ClassLabels(Names{"1", "0"}).labels_of(Names{"0", "1"}), ElementsAre(1, 0));
}

TEST(ClassLabels, WhatIsNoneOrSeveralIsOneError) {
  expect_error(ErrorCode::invalid_argument,
               "\"cat\", \"8\" are none of the 8 labels that are chosen from", [] {
                 labels_of({"cat", "tench", "8", "cat"});
               });
  expect_error(ErrorCode::invalid_argument, "\"-1\" is none of the 8 labels",
               [] { labels_of({"-1"}); });
  expect_error(ErrorCode::invalid_argument, "\"Crane\" stands for several labels", [] {
    labels_of({"tench", "Crane"});
  });
  expect_error(ErrorCode::invalid_argument, "\"e\" and 2 more are none", [] {
    labels_of({"a", "b", "c", "d", "e", "f", "g"});
  });
}

TEST(RankOfLabel, TheRightOneComesLastOfEqualOnes) {
  const std::vector<float> scores = {0.5F, 2.0F, -1.0F, 2.0F};
  EXPECT_EQ(rank_of_label(scores, 0), 3U);
  EXPECT_EQ(rank_of_label(scores, 1), 2U);
  EXPECT_EQ(rank_of_label(scores, 2), 4U);
  EXPECT_EQ(rank_of_label(std::vector<float>(4, 1.0F), 0), 4U);
  expect_error(ErrorCode::invalid_argument, "no label 4 among 4",
               [&] { rank_of_label(scores, 4); });
  expect_error(ErrorCode::invalid_argument, "is not a number", [] {
    rank_of_label(std::vector<float>{1.0F, std::stof("nan")}, 0);
  });
}

TEST(ClassificationScores, ArePercentagesOfAllAndOfEachClass) {
  const std::vector<std::size_t> labels = {0, 0, 0, 2};
  const std::vector<std::size_t> ranks = {1, 5, 6, 1};
  const ClassificationScores scores = classification_scores(labels, ranks, 3);
  EXPECT_EQ(scores.all.images, 4U);
  EXPECT_DOUBLE_EQ(scores.all.top1, 50.0);
  EXPECT_DOUBLE_EQ(scores.all.top5, 75.0);
  ASSERT_EQ(scores.by_class.size(), 3U);
  EXPECT_DOUBLE_EQ(scores.by_class[0].top1, 100.0 / 3);
  EXPECT_DOUBLE_EQ(scores.by_class[0].top5, 200.0 / 3);
  EXPECT_EQ(scores.by_class[1].images, 0U);
  EXPECT_DOUBLE_EQ(scores.by_class[2].top1, 100.0);
  // The class without pictures does not count.
  EXPECT_DOUBLE_EQ(scores.mean_per_class, (100.0 / 3 + 100.0) / 2);
  expect_error(ErrorCode::invalid_argument, "no images", [] { classification_scores({}, {}, 3); });
  expect_error(ErrorCode::invalid_argument, "no label 2 among 2",
               [&] { classification_scores(labels, ranks, 2); });
}

}  // namespace
}  // namespace blip::eval
