// VQA answers against what the official normalisation made of vqa_norm_golden.tsv, and accuracy.
#include "eval/vqa_accuracy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blip/error.hpp"
#include "eval/vqa_answer.hpp"
#include "golden_lines.hpp"

namespace blip::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::vector<std::string> people(std::vector<std::pair<std::string, int>> answers) {
  std::vector<std::string> all;
  for (const auto& [answer, count] : answers)
    all.insert(all.end(), static_cast<std::size_t>(count), answer);
  return all;
}

TEST(VqaAnswer, AsTheOfficialProgram) {
  const auto rows = golden_lines("vqa_norm_golden.tsv");
  ASSERT_EQ(rows.size(), 90U);
  for (const auto& row : rows) {
    const std::string answer = eval::without_punctuation(eval::stripped_answer(row[0]));
    EXPECT_EQ(answer, row[1]) << row[0];
    EXPECT_EQ(eval::with_plain_words(answer), row[2]) << row[0];
  }
}

TEST(VqaAnswer, OddCornersOfThePublishedCode) {
  EXPECT_EQ(eval::stripped_answer("\n a\tdog \xC2\xA0"), "a dog");
  // 32 dots go, the others stay: re.UNICODE is passed where a count is wanted.
  EXPECT_EQ(eval::without_punctuation(std::string(40, '.')), std::string(8, '.'));
  EXPECT_EQ(eval::without_punctuation("a-b 1,0"), "ab 10");
  // Arabic digits are digits to Python.
  EXPECT_EQ(eval::without_punctuation("\xD9\xA1,\xD9\xA2-x"), "\xD9\xA1\xD9\xA2x");
  EXPECT_EQ(eval::with_plain_words("Im shes THE Ten"), "im shes 10");
}

TEST(VqaAccuracy, CountsTheOtherPeople) {
  EXPECT_DOUBLE_EQ(eval::vqa_accuracy("red", people({{"red", 10}})), 1.0);
  EXPECT_DOUBLE_EQ(eval::vqa_accuracy("red", people({{"red", 4}, {"blue", 6}})), 1.0);
  // Of three who say so each sees two others, of seven each sees three.
  EXPECT_DOUBLE_EQ(eval::vqa_accuracy("red", people({{"red", 3}, {"blue", 7}})),
                   (3 * 2.0 / 3 + 7) / 10);
  EXPECT_DOUBLE_EQ(eval::vqa_accuracy("red", people({{"red", 1}, {"blue", 9}})), 9.0 / 3 / 10);
  EXPECT_DOUBLE_EQ(eval::vqa_accuracy("green", people({{"red", 1}, {"blue", 9}})), 0.0);
}

TEST(VqaAccuracy, NormalisesOnlyWherePeopleDiffer) {
  EXPECT_DOUBLE_EQ(eval::vqa_accuracy("two", people({{"2", 10}})), 0.0);
  EXPECT_DOUBLE_EQ(eval::vqa_accuracy("two", people({{"2", 9}, {"3", 1}})), 1.0);
  EXPECT_DOUBLE_EQ(eval::vqa_accuracy(" 2\n", people({{"2", 10}})), 1.0);
}

TEST(VqaAccuracy, ASingleAnswerIsRightOrWrong) {
  EXPECT_DOUBLE_EQ(eval::vqa_accuracy("circle", {"circle"}), 1.0);
  EXPECT_DOUBLE_EQ(eval::vqa_accuracy("square", {"circle"}), 0.0);
}

TEST(VqaAccuracy, ByTypeOfAnswerAndQuestion) {
  const std::vector<eval::VqaQuestion> questions = {
      {.answers = {"yes"}, .answer_type = "yes/no", .question_type = "is the"},
      {.answers = {"no"}, .answer_type = "yes/no", .question_type = "is it"},
      {.answers = {"red"}, .answer_type = "other", .question_type = {}}};
  const std::vector<std::string> answers = {"yes", "yes", "red"};
  const eval::VqaScores scores = eval::vqa_scores(answers, questions);
  EXPECT_DOUBLE_EQ(scores.accuracy, 2.0 / 3);
  EXPECT_THAT(scores.questions, ElementsAre(1.0, 0.0, 1.0));
  EXPECT_THAT(scores.by_answer_type, ElementsAre(Pair("other", 1.0), Pair("yes/no", 0.5)));
  EXPECT_THAT(scores.by_question_type, ElementsAre(Pair("is it", 0.0), Pair("is the", 1.0)));
}

TEST(VqaAccuracy, RefusesWhatDoesNotPairUp) {
  const std::vector<std::string> answers = {"yes"};
  EXPECT_THROW(eval::vqa_scores(answers, std::vector<eval::VqaQuestion>{}), Error);
  EXPECT_THROW(eval::vqa_scores(answers, std::vector<eval::VqaQuestion>(1)), Error);
}

}  // namespace
}  // namespace blip::testing
