#include "app/moderation/decision_json.hpp"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "app/records/record.hpp"

namespace blip::app {
namespace {

nlohmann::ordered_json evidence_json(const Rule& rule, const Evidence& evidence) {
  nlohmann::ordered_json json = {{"category", rule.category}};
  if (std::holds_alternative<WordsRule>(rule.by)) {
    json["by"] = "words";
  } else if (const auto* question = std::get_if<QuestionRule>(&rule.by)) {
    json["by"] = "question";
    json["question"] = question->question;
  } else {
    json["by"] = "texts";
  }
  json["found"] = to_utf8(evidence.found);
  json["score"] = evidence.score;
  if (evidence.probability) json["probability"] = *evidence.probability;
  json["action"] = name_of(evidence.action);
  return json;
}

}  // namespace

nlohmann::ordered_json decision_json(const Policy& policy, const Decision& decision) {
  auto categories = nlohmann::ordered_json::array();
  std::set<std::string> named;
  auto all = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const Evidence& evidence = decision.evidence[i];
    all.push_back(evidence_json(policy.rules[i], evidence));
    if (evidence.action == Action::allow) continue;
    if (named.insert(policy.rules[i].category).second) {
      categories.push_back(policy.rules[i].category);
    }
  }
  nlohmann::ordered_json json = {{"action", name_of(decision.action)},
                                 {"categories", std::move(categories)},
                                 {"evidence", std::move(all)}};
  if (!decision.caption.empty()) json["caption"] = to_utf8(decision.caption);
  return json;
}

}  // namespace blip::app
