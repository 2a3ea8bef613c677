#include "dataset/annotation.hpp"

#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "blip/error.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"

namespace blip::dataset {
namespace {

// What salesforce/BLIP gives the one answer of a Visual Genome question.
constexpr double kVisualGenomeWeight = 0.2;
constexpr const char* kVisualGenome = "vg";

std::string text_of(const JsonFields& fields, const char* key, const nlohmann::json& value) {
  if (!value.is_string()) fields.fail(key, "must be text, not " + describe(value));
  return value.get<std::string>();
}

// A text, or a list of texts.
std::vector<std::string> texts_of(const JsonFields& fields, const char* key) {
  std::vector<std::string> texts;
  const nlohmann::json* value = fields.find(key);
  if (value == nullptr) return texts;
  if (!value->is_array()) return {text_of(fields, key, *value)};
  for (const auto& item : *value) texts.push_back(text_of(fields, key, item));
  return texts;
}

// Numbers and texts are both in use.
std::string id_of(const JsonFields& fields, const char* key) {
  const nlohmann::json* value = fields.find(key);
  if (value == nullptr) return {};
  if (value->is_number_integer()) return value->dump();
  return text_of(fields, key, *value);
}

std::vector<Answer> answers_of(const JsonFields& fields, const std::string& source) {
  const std::vector<std::string> texts = texts_of(fields, "answer");
  std::vector<Answer> answers;
  std::unordered_map<std::string, std::size_t> places;  // a hostile list has 200,000 answers
  for (const std::string& text : texts) {
    const auto [place, is_new] = places.emplace(text, answers.size());
    if (is_new) {
      answers.push_back({text, 1, 0.0});
    } else {
      ++answers[place->second].count;
    }
  }
  for (Answer& answer : answers) {
    answer.weight = source == kVisualGenome ? kVisualGenomeWeight
                                            : answer.count / static_cast<double>(texts.size());
  }
  return answers;
}

void add_question(const JsonFields& fields, Sample& sample) {
  const auto text = fields.string("question");
  if (!text) return;
  sample.questions.push_back(
      {id_of(fields, "question_id"), *text, answers_of(fields, sample.source)});
}

void add_statement(const JsonFields& fields, Sample& sample) {
  const auto text = fields.string("sentence");
  if (!text) return;
  Statement statement{*text, std::nullopt};
  if (const nlohmann::json* label = fields.find("label")) {
    if (*label == true || *label == "True" || *label == "true") {
      statement.is_true = true;
    } else if (*label == false || *label == "False" || *label == "false") {
      statement.is_true = false;
    } else {
      fields.fail("label", R"(must be "True" or "False", not )" + describe(*label));
    }
  }
  sample.statements.push_back(std::move(statement));
}

// The name or the number of a class. What else "label" may be is no concern of ours.
std::string class_of(const JsonFields& fields) {
  const nlohmann::json* label = fields.find("label");
  if (label == nullptr || fields.find("sentence") != nullptr) return {};
  if (label->is_number_integer()) return label->dump();
  return label->is_string() ? label->get<std::string>() : "";
}

// Calls add(fields of the item) for each object of a list.
template <typename Add>
void for_each_object(const JsonFields& fields, const char* key, const std::string& name,
                     const Add& add) {
  const nlohmann::json* list = fields.find(key);
  if (list == nullptr) return;
  if (!list->is_array()) fields.fail(key, "must be a list, not " + describe(*list));
  for (const auto& item : *list) {
    if (!item.is_object()) fields.fail(key, "must hold objects, not " + describe(item));
    add(JsonFields(item, name + ": " + key));
  }
}

}  // namespace

Sample parse_annotation(std::string_view json, const std::string& name) {
  if (json.size() > kMaxAnnotationBytes) {
    throw Error(ErrorCode::limit_exceeded, name + ": " + std::to_string(json.size()) +
                                               " bytes, more than the " +
                                               std::to_string(kMaxAnnotationBytes) + " allowed");
  }
  const nlohmann::json object = parse_json_object(json, name);
  const JsonFields fields(object, name);
  Sample sample;
  sample.image_id = id_of(fields, fields.find("image_id") != nullptr ? "image_id" : "img_id");
  sample.source = fields.string("dataset").value_or("");
  sample.is_synthetic = fields.boolean("synthetic").value_or(false);
  for (const char* key : {"image", "images"}) {
    for (std::string& picture : texts_of(fields, key)) {
      sample.pictures.push_back({std::move(picture), {}});
    }
  }
  for (const char* key : {"caption", "captions"}) {
    for (std::string& caption : texts_of(fields, key)) {
      sample.captions.push_back(std::move(caption));
    }
  }
  add_question(fields, sample);
  for_each_object(fields, "qa", name, [&](const JsonFields& item) { add_question(item, sample); });
  add_statement(fields, sample);
  sample.label = class_of(fields);
  for_each_object(fields, "statements", name,
                  [&](const JsonFields& item) { add_statement(item, sample); });
  return sample;
}

std::string annotation_json(const Sample& sample) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  if (!sample.image_id.empty()) object["image_id"] = sample.image_id;
  if (!sample.source.empty()) object["dataset"] = sample.source;
  if (sample.is_synthetic) object["synthetic"] = true;
  if (!sample.label.empty()) object["label"] = sample.label;
  if (!sample.captions.empty()) object["captions"] = sample.captions;
  for (const Question& question : sample.questions) {
    nlohmann::ordered_json item;
    item["question"] = question.text;
    if (!question.id.empty()) item["question_id"] = question.id;
    nlohmann::ordered_json answers = nlohmann::ordered_json::array();
    for (const Answer& answer : question.answers) {
      for (int i = 0; i < answer.count; ++i) answers.push_back(answer.text);
    }
    if (!answers.empty()) item["answer"] = std::move(answers);
    object["qa"].push_back(std::move(item));
  }
  for (const Statement& statement : sample.statements) {
    nlohmann::ordered_json item;
    item["sentence"] = statement.text;
    if (statement.is_true) item["label"] = *statement.is_true ? "True" : "False";
    object["statements"].push_back(std::move(item));
  }
  try {
    return object.dump();
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::invalid_argument,
                "sample " + sample.key + ": a text is not valid UTF-8");
  }
}

}  // namespace blip::dataset
