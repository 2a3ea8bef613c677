// Answers and what people answered from files, paired by question.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "eval/vqa_accuracy.hpp"

namespace blip::eval {

// `name` stands for the file in messages. All throw malformed or limit_exceeded, naming the file
// and the record.

struct VqaResult {
  std::string question_id;
  std::string answer;
};

/// A list, or JSON lines, of {"question_id": ID, "answer": TEXT}: VQA's result files.
std::vector<VqaResult> parse_vqa_results(std::string_view text, const std::string& name);

struct VqaAnnotations {
  std::vector<std::string> ids;
  std::vector<VqaQuestion> questions;
};

/// {"annotations": [RECORD…]} of VQA, or a list, or JSON lines, of RECORDs:
/// {"question_id": ID, "answers": [{"answer": TEXT}…] or [TEXTS], "answer_type", "question_type"};
/// or, in BLIP's own lists, "answer": TEXT or [TEXTS]. Throws malformed also for an id that is
/// there twice.
VqaAnnotations parse_vqa_annotations(std::string_view text, const std::string& name);

/// The answers in the order of the questions. Throws invalid_argument, naming the question, for an
/// answer to a question that is not annotated, a second answer, and a question without an answer.
std::vector<std::string> pair_answers(const std::vector<VqaResult>& results,
                                      const std::string& results_name,
                                      const VqaAnnotations& annotations,
                                      const std::string& annotations_name);

}  // namespace blip::eval
