#include "app/moderation/policy.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>

#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"

namespace blip::app {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxPoints = 100'000;

void refuse_unknown(const Json& object, const std::string& where,
                    std::span<const std::string_view> known) {
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(known, key) == known.end()) {
      throw Error(ErrorCode::malformed, where + ": " + in_quotes(key) + " is no key of it");
    }
  }
}

const Json& object_at(const Json& value, const std::string& where) {
  if (!value.is_object()) {
    throw Error(ErrorCode::malformed, where + ": must be an object, not " + describe(value));
  }
  return value;
}

std::string phrase(const JsonFields& fields, const char* key, const Json& value) {
  if (!value.is_string()) fields.fail(key, "must hold texts, not " + describe(value));
  auto text = value.get<std::string>();
  const bool is_blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
  if (is_blank) fields.fail(key, "has a text without words");
  if (text.size() > kMaxPhraseBytes) {
    fields.fail(key, "has a text of more than " + std::to_string(kMaxPhraseBytes) + " bytes");
  }
  return text;
}

std::optional<std::vector<std::string>> phrases(const JsonFields& fields, const char* key) {
  const Json* list = fields.find(key);
  if (list == nullptr) return std::nullopt;
  if (!list->is_array() || list->empty() || list->size() > kMaxPhrases) {
    fields.fail(key, "must be a list of 1 to " + std::to_string(kMaxPhrases) + " texts");
  }
  std::vector<std::string> texts;
  for (const Json& value : *list) texts.push_back(phrase(fields, key, value));
  return texts;
}

std::string text_of(const JsonFields& fields, const char* key) {
  const Json* value = fields.find(key);
  if (value == nullptr) fields.fail(key, "is missing");
  return phrase(fields, key, *value);
}

Action action_of(const JsonFields& fields) {
  const std::string name = text_of(fields, "action");
  if (name == "review") return Action::review;
  if (name == "block") return Action::block;
  fields.fail("action", "must be \"review\" or \"block\", not " + in_quotes(name));
}

std::vector<double> numbers(const JsonFields& fields, const char* key) {
  const Json* list = fields.find(key);
  if (list == nullptr || !list->is_array() || list->empty() || list->size() > kMaxPoints) {
    fields.fail(key, "must be a list of 1 to " + std::to_string(kMaxPoints) + " numbers");
  }
  std::vector<double> values;
  for (const Json& value : *list) {
    values.push_back(fields.as_number(value, key, {.min = -1e9, .max = 1e9}));
  }
  if (!std::ranges::is_sorted(values)) fields.fail(key, "must rise");
  return values;
}

Calibration calibration_of(const Json& object, const std::string& where) {
  const JsonFields fields(object_at(object, where), where);
  const std::string method = text_of(fields, "method");
  if (method == "platt") {
    constexpr std::array<std::string_view, 3> kKeys = {"method", "slope", "intercept"};
    refuse_unknown(object, where, kKeys);
    const auto slope = fields.number("slope", {.min = -1e9, .max = 1e9});
    const auto intercept = fields.number("intercept", {.min = -1e9, .max = 1e9});
    if (!slope) fields.fail("slope", "is missing");
    if (!intercept) fields.fail("intercept", "is missing");
    return PlattCalibration{.slope = *slope, .intercept = *intercept};
  }
  if (method != "isotonic") {
    fields.fail("method", "must be \"platt\" or \"isotonic\", not " + in_quotes(method));
  }
  constexpr std::array<std::string_view, 3> kKeys = {"method", "scores", "probabilities"};
  refuse_unknown(object, where, kKeys);
  IsotonicCalibration line{.scores = numbers(fields, "scores"),
                           .probabilities = numbers(fields, "probabilities")};
  if (line.scores.size() != line.probabilities.size()) {
    fields.fail("probabilities", "must be as many as scores");
  }
  if (line.probabilities.front() < 0.0 || line.probabilities.back() > 1.0) {
    fields.fail("probabilities", "must be 0 to 1");
  }
  return line;
}

WordsRule words_rule(const JsonFields& fields) {
  WordsRule rule{.words = *phrases(fields, "words")};
  if (fields.find("action") != nullptr) rule.action = action_of(fields);
  const auto places = phrases(fields, "in");
  if (!places) return rule;
  rule.in_caption = rule.in_text = false;
  for (const std::string& place : *places) {
    if (place != "caption" && place != "text") {
      fields.fail("in", "must hold \"caption\" or \"text\", not " + in_quotes(place));
    }
    (place == "caption" ? rule.in_caption : rule.in_text) = true;
  }
  return rule;
}

Rule rule_of(const Json& object, const std::string& where) {
  const JsonFields fields(object_at(object, where), where);
  const int kinds = (fields.find("texts") != nullptr ? 1 : 0) +
                    (fields.find("question") != nullptr ? 1 : 0) +
                    (fields.find("words") != nullptr ? 1 : 0);
  if (kinds != 1) {
    throw Error(ErrorCode::malformed, where + ": needs one of \"texts\", \"question\", \"words\"");
  }
  Rule rule;
  rule.category = text_of(fields, "category");
  if (fields.find("words") != nullptr) {
    constexpr std::array<std::string_view, 4> kKeys = {"category", "words", "in", "action"};
    refuse_unknown(object, where, kKeys);
    rule.by = words_rule(fields);
    return rule;
  }
  if (auto texts = phrases(fields, "texts")) {
    constexpr std::array<std::string_view, 6> kKeys = {"category", "texts", "against",
                                                       "review",   "block", "calibration"};
    refuse_unknown(object, where, kKeys);
    TextsRule by{.texts = std::move(*texts)};
    if (auto against = phrases(fields, "against")) by.against = std::move(*against);
    rule.by = std::move(by);
  } else {
    constexpr std::array<std::string_view, 7> kKeys = {
        "category", "question", "answers", "others", "review", "block", "calibration"};
    refuse_unknown(object, where, kKeys);
    QuestionRule by{.question = text_of(fields, "question")};
    if (auto answers = phrases(fields, "answers")) by.answers = std::move(*answers);
    if (auto others = phrases(fields, "others")) by.others = std::move(*others);
    for (const std::string& answer : by.answers) {
      if (std::ranges::find(by.others, answer) != by.others.end()) {
        fields.fail("others", "has " + in_quotes(answer) + ", which is among \"answers\", too");
      }
    }
    rule.by = std::move(by);
  }
  rule.review = fields.number("review", {.min = -2, .max = 2});
  rule.block = fields.number("block", {.min = -2, .max = 2});
  if (rule.review && rule.block && *rule.review > *rule.block) {
    fields.fail("review", "must not be above \"block\"");
  }
  if (const Json* calibration = fields.find("calibration")) {
    rule.calibration = calibration_of(*calibration, where + ".calibration");
  }
  return rule;
}

nlohmann::ordered_json calibration_json(const Calibration& calibration) {
  if (const auto* platt = std::get_if<PlattCalibration>(&calibration)) {
    return {{"method", "platt"}, {"slope", platt->slope}, {"intercept", platt->intercept}};
  }
  const auto& line = std::get<IsotonicCalibration>(calibration);
  return {{"method", "isotonic"}, {"scores", line.scores}, {"probabilities", line.probabilities}};
}

nlohmann::ordered_json rule_json(const Rule& rule) {
  nlohmann::ordered_json json = {{"category", rule.category}};
  if (const auto* words = std::get_if<WordsRule>(&rule.by)) {
    json["words"] = words->words;
    json["in"] = nlohmann::ordered_json::array();
    if (words->in_caption) json["in"].push_back("caption");
    if (words->in_text) json["in"].push_back("text");
    json["action"] = name_of(words->action);
  } else if (const auto* texts = std::get_if<TextsRule>(&rule.by)) {
    json["texts"] = texts->texts;
    json["against"] = texts->against;
  } else {
    const auto& question = std::get<QuestionRule>(rule.by);
    json["question"] = question.question;
    json["answers"] = question.answers;
    json["others"] = question.others;
  }
  if (rule.review) json["review"] = *rule.review;
  if (rule.block) json["block"] = *rule.block;
  if (rule.calibration) json["calibration"] = calibration_json(*rule.calibration);
  return json;
}

}  // namespace

std::string_view name_of(Action action) {
  switch (action) {
    case Action::allow:
      return "allow";
    case Action::review:
      return "review";
    case Action::block:
      break;
  }
  return "block";
}

std::vector<std::string> Policy::categories() const {
  std::vector<std::string> names;
  for (const Rule& rule : rules) {
    if (std::ranges::find(names, rule.category) == names.end()) names.push_back(rule.category);
  }
  return names;
}

std::vector<std::string> Policy::uncalibrated_categories() const {
  std::vector<std::string> names;
  for (const Rule& rule : rules) {
    const bool acts = std::holds_alternative<WordsRule>(rule.by) || rule.review || rule.block;
    if (!acts) names.push_back(rule.category);
  }
  return names;
}

Policy parse_policy(std::string_view text, const std::string& name) {
  if (text.size() > kMaxPolicyBytes) {
    throw Error(ErrorCode::limit_exceeded,
                name + ": has more than " + std::to_string(kMaxPolicyBytes) + " bytes");
  }
  constexpr std::array<std::string_view, 4> kKeys = {"version", "description", "models", "rules"};
  const Json object = parse_json_object(text, name);
  refuse_unknown(object, name, kKeys);
  const JsonFields fields(object, name);
  if (fields.integer("version", {.min = 1, .max = 1}).value_or(0) != 1) {
    fields.fail("version", "is missing; this program reads version 1");
  }
  Policy policy;
  policy.description = fields.string("description").value_or("");
  if (const Json* models = fields.find("models")) {
    constexpr std::array<std::string_view, 3> kModels = {"texts", "questions", "captions"};
    const std::string where = name + ": models";
    refuse_unknown(object_at(*models, where), where, kModels);
    const JsonFields names(*models, where);
    policy.texts_model = names.string("texts").value_or("");
    policy.question_model = names.string("questions").value_or("");
    policy.caption_model = names.string("captions").value_or("");
  }
  const Json* rules = fields.find("rules");
  if (rules == nullptr || !rules->is_array() || rules->empty() || rules->size() > kMaxRules) {
    fields.fail("rules", "must be a list of 1 to " + std::to_string(kMaxRules) + " objects");
  }
  for (const Json& rule : *rules) {
    policy.rules.push_back(
        rule_of(rule, name + ": rules[" + std::to_string(policy.rules.size()) + "]"));
  }
  return policy;
}

nlohmann::ordered_json policy_json(const Policy& policy) {
  nlohmann::ordered_json json = {{"version", 1}};
  if (!policy.description.empty()) json["description"] = policy.description;
  auto models = nlohmann::ordered_json::object();
  if (!policy.texts_model.empty()) models["texts"] = policy.texts_model;
  if (!policy.question_model.empty()) models["questions"] = policy.question_model;
  if (!policy.caption_model.empty()) models["captions"] = policy.caption_model;
  if (!models.empty()) json["models"] = std::move(models);
  json["rules"] = nlohmann::ordered_json::array();
  for (const Rule& rule : policy.rules) json["rules"].push_back(rule_json(rule));
  return json;
}

}  // namespace blip::app
