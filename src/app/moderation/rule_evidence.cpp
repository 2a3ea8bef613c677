#include "app/moderation/rule_evidence.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <unordered_map>

#include "checkpoint/model_directory.hpp"

namespace blip::app {
namespace {

// Texts in the order in which they are first added, each once.
class TextsOnce {
 public:
  explicit TextsOnce(std::vector<std::string>& texts) : texts_(texts) {}
  // → its place
  std::size_t add(const std::string& text) {
    const auto [place, is_new] = places_.emplace(text, texts_.size());
    if (is_new) texts_.push_back(text);
    return place->second;
  }
  std::vector<std::size_t> add(const std::vector<std::string>& texts) {
    std::vector<std::size_t> places;
    for (const std::string& text : texts) places.push_back(add(text));
    return places;
  }

 private:
  std::vector<std::string>& texts_;
  std::unordered_map<std::string, std::size_t> places_;
};

// The place of the best cosine; of equal ones the first.
std::size_t best_of(const std::vector<std::size_t>& places, const std::vector<float>& cosines) {
  return *std::ranges::max_element(places, {}, [&](std::size_t place) { return cosines[place]; });
}

void compare(const PolicyQuestions& asked, const RuleQuestions& rule,
             const std::vector<float>& cosines, Evidence& evidence) {
  const std::size_t best = best_of(rule.texts, cosines);
  const float background = cosines[best_of(rule.against, cosines)];
  evidence.score = rounded(static_cast<double>(cosines[best] - background));
  evidence.found = asked.phrases[best];
}

// How likely the answers that count are among those of the rule; the likeliest of all is found.
void weigh(const QuestionRule& rule, const std::vector<AnswerLikelihood>& answers,
           Evidence& evidence) {
  const auto is_among = [](const std::vector<std::string>& texts, const std::string& text) {
    return std::ranges::find(texts, text) != texts.end();
  };
  double counting = 0.0;
  double all = 0.0;
  double most = -1.0;
  for (const AnswerLikelihood& each : answers) {
    const bool counts = is_among(rule.answers, each.answer);
    if (!counts && !is_among(rule.others, each.answer)) continue;
    const double likelihood = std::exp(static_cast<double>(each.log_probability));
    all += likelihood;
    if (counts) counting += likelihood;
    if (likelihood > most) {
      most = likelihood;
      evidence.found = each.answer;
    }
  }
  evidence.score = rounded(all > 0.0 ? counting / all : 0.0);
}

void look_for(const WordsRule& rule, const std::string& caption,
              const std::optional<std::string>& text, Evidence& evidence) {
  std::optional<std::string> word;
  if (rule.in_text && text) word = word_in(rule.words, *text);
  if (!word && rule.in_caption) word = word_in(rule.words, caption);
  evidence.score = word ? 1.0 : 0.0;
  evidence.found = word.value_or("");
}

}  // namespace

PolicyQuestions questions_of(const Policy& policy) {
  PolicyQuestions asked;
  TextsOnce phrases(asked.phrases);
  TextsOnce questions(asked.questions);
  TextsOnce answers(asked.answers);
  for (const Rule& rule : policy.rules) {
    RuleQuestions& places = asked.rules.emplace_back();
    if (const auto* texts = std::get_if<TextsRule>(&rule.by)) {
      places.texts = phrases.add(texts->texts);
      places.against = phrases.add(texts->against);
    } else if (const auto* question = std::get_if<QuestionRule>(&rule.by)) {
      places.question = questions.add(question->question);
      answers.add(question->answers);
      answers.add(question->others);
    } else if (std::get<WordsRule>(rule.by).in_caption) {
      asked.caption = true;
    }
  }
  return asked;
}

PolicyModels models_of(const Policy& policy) {
  const PolicyQuestions asked = questions_of(policy);
  const auto name = [](bool is_needed, const std::string& named, std::string_view otherwise) {
    if (!is_needed) return std::string();
    return named.empty() ? std::string(otherwise) : named;
  };
  return {.texts = name(!asked.phrases.empty(), policy.texts_model, kRetrievalModel),
          .questions = name(!asked.questions.empty(), policy.question_model, kQuestionModel),
          .captions = name(asked.caption, policy.caption_model, kCaptioningModel)};
}

Decision decision_of(const Policy& policy, const PolicyQuestions& asked,
                     const ModelFindings& findings, const std::optional<std::string>& text) {
  Decision decision{.caption = findings.caption};
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const Rule& rule = policy.rules[i];
    Evidence& evidence = decision.evidence.emplace_back();
    if (std::holds_alternative<TextsRule>(rule.by)) {
      compare(asked, asked.rules[i], findings.cosines, evidence);
    } else if (const auto* question = std::get_if<QuestionRule>(&rule.by)) {
      weigh(*question, findings.answers[asked.rules[i].question], evidence);
    } else {
      look_for(std::get<WordsRule>(rule.by), findings.caption, text, evidence);
    }
    decide(rule, evidence);
    decision.action = std::max(decision.action, evidence.action);
  }
  return decision;
}

}  // namespace blip::app
