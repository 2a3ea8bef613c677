#include "eval/vqa_accuracy.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "blip/error.hpp"
#include "eval/vqa_answer.hpp"

namespace blip::eval {
namespace {

std::string normalized(const std::string& answer) {
  return with_plain_words(without_punctuation(answer));
}

class Mean {
 public:
  void add(double value) {
    sum_ += value;
    ++count_;
  }
  [[nodiscard]] double value() const {
    return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
  }

 private:
  double sum_ = 0;
  std::size_t count_ = 0;
};

std::map<std::string, double> values_of(const std::map<std::string, Mean>& means) {
  std::map<std::string, double> values;
  for (const auto& [type, mean] : means) values.emplace(type, mean.value());
  return values;
}

}  // namespace

double vqa_accuracy(const std::string& answer, const std::vector<std::string>& people) {
  std::string given = stripped_answer(answer);
  std::vector<std::string> theirs;
  for (const std::string& one : people) theirs.push_back(stripped_answer(one));
  if (theirs.size() == 1) return given == theirs.front() ? 1 : 0;

  const bool agree =
      std::adjacent_find(theirs.begin(), theirs.end(), std::not_equal_to<>()) == theirs.end();
  if (!agree) {
    given = normalized(given);
    for (std::string& one : theirs) one = normalized(one);
  }
  constexpr double kEnough = 3;  // people who say the same make an answer right
  const auto same = std::count(theirs.begin(), theirs.end(), given);
  Mean mean;
  for (const std::string& one : theirs) {
    const auto others = static_cast<double>(same - (one == given ? 1 : 0));
    mean.add(std::min(1.0, others / kEnough));
  }
  return mean.value();
}

VqaScores vqa_scores(std::span<const std::string> answers, std::span<const VqaQuestion> questions) {
  if (answers.size() != questions.size()) {
    throw Error(ErrorCode::invalid_argument, "VQA: " + std::to_string(answers.size()) +
                                                 " answers to " + std::to_string(questions.size()) +
                                                 " questions");
  }
  VqaScores scores;
  Mean all;
  std::map<std::string, Mean> by_answer_type;
  std::map<std::string, Mean> by_question_type;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const VqaQuestion& question = questions[i];
    if (question.answers.empty()) {
      throw Error(ErrorCode::invalid_argument,
                  "VQA: question " + std::to_string(i) + " has no answers");
    }
    const double accuracy = vqa_accuracy(answers[i], question.answers);
    scores.questions.push_back(accuracy);
    all.add(accuracy);
    if (!question.answer_type.empty()) by_answer_type[question.answer_type].add(accuracy);
    if (!question.question_type.empty()) by_question_type[question.question_type].add(accuracy);
  }
  scores.accuracy = all.value();
  scores.by_answer_type = values_of(by_answer_type);
  scores.by_question_type = values_of(by_question_type);
  return scores;
}

}  // namespace blip::eval
