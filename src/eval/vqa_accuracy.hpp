// VQA accuracy: how many of ten people gave the same answer.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

namespace blip::eval {

/// What people answered to one question.
struct VqaQuestion {
  std::vector<std::string> answers;  ///< ten in VQA; at least one
  std::string answer_type = {};      ///< "yes/no", "number" or "other"; empty if there are no types
  std::string question_type = {};    ///< how it begins, "what color is the"; empty as above
};

/// Fractions from 0 to 1. The official program prints percentages of two digits.
struct VqaScores {
  double accuracy = 0;
  std::vector<double> questions;
  std::map<std::string, double> by_answer_type;
  std::map<std::string, double> by_question_type;
};

/// For each of the people, a third for each of the others who gave the same answer, at most 1; the
/// mean of that. Answers are normalised unless all people agree, as in the official program. A
/// question with one answer (easy-VQA, DAQUAR) counts as if ten people had given it: right or
/// wrong.
double vqa_accuracy(const std::string& answer, const std::vector<std::string>& people);

/// answers[i] is to questions[i]. Throws invalid_argument if a question has no answers, or if the
/// lists differ in length.
VqaScores vqa_scores(std::span<const std::string> answers, std::span<const VqaQuestion> questions);

}  // namespace blip::eval
