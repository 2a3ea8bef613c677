#include "eval/vqa_files.hpp"

#include <cstddef>
#include <map>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "eval/result_records.hpp"

namespace blip::eval {
namespace {

using nlohmann::json;

json parse_answers(std::string_view text, const std::string& name) {
  json document = parse_json_or_lines(text, name);
  if (document.is_object() && document.contains("question_id")) {
    return json::array({std::move(document)});
  }
  return document;
}

}  // namespace

std::vector<VqaResult> parse_vqa_results(std::string_view text, const std::string& name) {
  const json document = parse_answers(text, name);
  std::vector<VqaResult> results;
  for (const Record& record : records_of(document, name)) {
    const json* answer = record.find({"answer"});
    if (answer == nullptr) record.fail("has no answer");
    results.push_back(
        {.question_id = record.id({"question_id"}), .answer = record.text(*answer, "the answer")});
  }
  return results;
}

VqaAnnotations parse_vqa_annotations(std::string_view text, const std::string& name) {
  const json document = parse_answers(text, name);
  const auto inner = document.is_object() ? document.find("annotations") : document.end();
  const json& list = document.is_object() && inner != document.end() ? *inner : document;
  VqaAnnotations annotations;
  std::map<std::string, std::size_t> seen;
  for (const Record& record : records_of(list, name)) {
    const std::string id = record.id({"question_id"});
    if (!seen.try_emplace(id, seen.size()).second) {
      record.fail("question " + in_quotes(id) + " is there twice");
    }
    const json* answers = record.find({"answers", "answer"});
    if (answers == nullptr) record.fail("has neither answers nor answer");
    annotations.ids.push_back(id);
    annotations.questions.push_back({.answers = record.texts(*answers, "an answer", "answer"),
                                     .answer_type = record.optional_text("answer_type"),
                                     .question_type = record.optional_text("question_type")});
    if (annotations.questions.back().answers.empty()) record.fail("has no answers");
  }
  if (annotations.ids.empty()) throw Error(ErrorCode::malformed, name + ": has no questions");
  return annotations;
}

std::vector<std::string> pair_answers(const std::vector<VqaResult>& results,
                                      const std::string& results_name,
                                      const VqaAnnotations& annotations,
                                      const std::string& annotations_name) {
  std::map<std::string, const std::string*> answers;
  for (const std::string& id : annotations.ids) answers.emplace(id, nullptr);
  for (const VqaResult& result : results) {
    const auto found = answers.find(result.question_id);
    if (found == answers.end()) {
      throw_mismatch(results_name + ": question " + in_quotes(result.question_id) + " is not in " +
                     annotations_name);
    }
    if (found->second != nullptr) {
      throw_mismatch(results_name + ": question " + in_quotes(result.question_id) +
                     " has two answers");
    }
    found->second = &result.answer;
  }
  std::vector<std::string> in_order;
  for (const std::string& id : annotations.ids) {
    const std::string* answer = answers[id];
    if (answer == nullptr) {
      throw_mismatch(results_name + ": no answer to question " + in_quotes(id) + " of " +
                     annotations_name);
    }
    in_order.push_back(*answer);
  }
  return in_order;
}

}  // namespace blip::eval
