#include "app/moderation/rule_evidence.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "checkpoint/model_directory.hpp"

namespace blip::app {
namespace {

// Texts in the order in which they are first added, each once.
class TextsOnce {
 public:
  explicit TextsOnce(std::vector<std::string>& texts) : texts_(texts) {}
  void add(const std::string& text) {
    if (known_.insert(text).second) texts_.push_back(text);
  }
  void add(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) add(text);
  }

 private:
  std::vector<std::string>& texts_;
  std::unordered_set<std::string> known_;
};

using Places = std::unordered_map<std::string_view, std::size_t>;

Places places_of(const std::vector<std::string>& texts) {
  Places places;
  for (std::size_t i = 0; i < texts.size(); ++i) places.emplace(texts[i], i);
  return places;
}

// The text with the best cosine; the first of equal ones.
struct Best {
  const std::string* text = nullptr;
  float cosine = -2.0F;
};

Best best_of(const std::vector<std::string>& texts, const Places& places,
             const std::vector<float>& cosines) {
  Best best;
  for (const std::string& text : texts) {
    const float cosine = cosines[places.at(text)];
    if (cosine > best.cosine) best = {.text = &text, .cosine = cosine};
  }
  return best;
}

void compare(const TextsRule& rule, const Places& phrases, const std::vector<float>& cosines,
             Evidence& evidence) {
  const Best best = best_of(rule.texts, phrases, cosines);
  const Best background = best_of(rule.against, phrases, cosines);
  evidence.score = rounded(static_cast<double>(best.cosine - background.cosine));
  if (best.text != nullptr) evidence.found = *best.text;
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
    if (const auto* texts = std::get_if<TextsRule>(&rule.by)) {
      phrases.add(texts->texts);
      phrases.add(texts->against);
    } else if (const auto* question = std::get_if<QuestionRule>(&rule.by)) {
      questions.add(question->question);
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
  const Places phrases = places_of(asked.phrases);
  const Places questions = places_of(asked.questions);
  Decision decision{.caption = findings.caption};
  for (const Rule& rule : policy.rules) {
    Evidence& evidence = decision.evidence.emplace_back();
    if (const auto* texts = std::get_if<TextsRule>(&rule.by)) {
      compare(*texts, phrases, findings.cosines, evidence);
    } else if (const auto* question = std::get_if<QuestionRule>(&rule.by)) {
      weigh(*question, findings.answers[questions.at(question->question)], evidence);
    } else {
      look_for(std::get<WordsRule>(rule.by), findings.caption, text, evidence);
    }
    decide(rule, evidence);
    decision.action = std::max(decision.action, evidence.action);
  }
  return decision;
}

}  // namespace blip::app
