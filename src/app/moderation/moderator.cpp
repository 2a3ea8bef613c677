#include "app/moderation/moderator.hpp"

#include <algorithm>
#include <cmath>

#include "blip/error.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {
namespace {

struct Best {
  std::size_t index = 0;
  float cosine = -2.0F;
};

// vectors: [texts, D]
Best best_of(std::span<const float> image, const Tensor& vectors) {
  Best best;
  for (std::size_t i = 0; i < static_cast<std::size_t>(vectors.shape.front()); ++i) {
    const float cosine = dot(image, row_of(vectors, i));
    if (cosine > best.cosine) best = {.index = i, .cosine = cosine};
  }
  return best;
}

std::vector<std::string> all_answers(const Policy& policy) {
  std::vector<std::string> all;
  const auto add = [&](const std::vector<std::string>& answers) {
    for (const std::string& answer : answers) {
      if (std::ranges::find(all, answer) == all.end()) all.push_back(answer);
    }
  };
  for (const Rule& rule : policy.rules) {
    if (const auto* question = std::get_if<QuestionRule>(&rule.by)) {
      add(question->answers);
      add(question->others);
    }
  }
  return all;
}

bool is_among(const std::vector<std::string>& texts, const std::string& text) {
  return std::ranges::find(texts, text) != texts.end();
}

// How likely the answers that count are among those of the rule; `found` is the likeliest of all.
double share_of(const QuestionRule& rule, const Answers& ranked, std::string& found) {
  double counting = 0.0;
  double all = 0.0;
  double most = -1.0;
  for (const Answer& answer : ranked) {
    const bool counts = is_among(rule.answers, answer.text);
    if (!counts && !is_among(rule.others, answer.text)) continue;
    const double likelihood = std::exp(static_cast<double>(answer.score.log_probability));
    all += likelihood;
    if (counts) counting += likelihood;
    if (likelihood > most) {
      most = likelihood;
      found = answer.text;
    }
  }
  return all > 0.0 ? counting / all : 0.0;
}

}  // namespace

NeededModels needed_models(const Policy& policy) {
  NeededModels needed;
  for (const Rule& rule : policy.rules) {
    if (std::holds_alternative<TextsRule>(rule.by)) needed.texts = true;
    if (std::holds_alternative<QuestionRule>(rule.by)) needed.questions = true;
    const auto* words = std::get_if<WordsRule>(&rule.by);
    if (words != nullptr && words->in_caption) needed.captions = true;
  }
  return needed;
}

Moderator::Moderator(Policy policy, const ModeratorModels& models, Context& context)
    : policy_(std::move(policy)) {
  const NeededModels needed = needed_models(policy_);
  if (!needed.texts && !needed.questions && !needed.captions) {
    throw Error(ErrorCode::invalid_argument, "the policy has no rule that looks at pictures");
  }
  if (needed.texts) {
    embedder_.emplace(models.texts, TextStyle::hf);
    const auto embedded = [&](const std::vector<std::string>& texts) {
      return embedder_->embed(embedder_->tokens(texts), context);
    };
    for (std::size_t i = 0; i < policy_.rules.size(); ++i) {
      if (const auto* rule = std::get_if<TextsRule>(&policy_.rules[i].by)) {
        vectors_.push_back(
            {.rule = i, .texts = embedded(rule->texts), .against = embedded(rule->against)});
      }
    }
  }
  if (needed.questions) {
    answers_ = all_answers(policy_);
    const auto count = static_cast<int>(answers_.size());
    answerer_.emplace(
        models.questions,
        AnswerOptions{
            .generation = {}, .answers = answers_, .rank_k = count, .top = answers_.size()});
  }
  if (needed.captions)
    captioner_.emplace(models.captions, CaptionOptions{.prompt = "", .generation = {}});
}

const PictureReader& Moderator::pictures() const {
  if (embedder_) return embedder_->pictures();
  return answerer_ ? answerer_->pictures() : captioner_->pictures();
}

PreparedImage Moderator::prepared(const PreparedImage& image, const PictureReader& reader) const {
  // Without its text, which no model is to read as a prompt or a question.
  const bool is_read = &reader == &pictures();
  return {.name = image.name,
          .index = 0,
          .pixel_values = is_read ? image.pixel_values : reader(image.name),
          .error = {}};
}

void Moderator::compare_texts(const PreparedImage& image, Decision& decision,
                              Context& context) const {
  const PreparedImage alone = prepared(image, embedder_->pictures());
  const PreparedImage* list = &alone;
  const Tensor vector = embedder_->embed(embedder_->encode({&list, 1}, context), context);
  for (const TextVectors& vectors : vectors_) {
    const Best best = best_of(row_of(vector, 0), vectors.texts);
    const Best background = best_of(row_of(vector, 0), vectors.against);
    Evidence& evidence = decision.evidence[vectors.rule];
    evidence.score = rounded(static_cast<double>(best.cosine - background.cosine));
    evidence.found = std::get<TextsRule>(policy_.rules[vectors.rule].by).texts[best.index];
  }
}

void Moderator::ask_questions(const PreparedImage& image, Decision& decision,
                              Context& context) const {
  const PreparedImage alone = prepared(image, answerer_->pictures());
  const PreparedImage* list = &alone;
  std::vector<std::string> questions;
  std::vector<std::size_t> rules;
  for (std::size_t i = 0; i < policy_.rules.size(); ++i) {
    if (const auto* rule = std::get_if<QuestionRule>(&policy_.rules[i].by)) {
      questions.push_back(rule->question);
      rules.push_back(i);
    }
  }
  const auto answers = answerer_->answer({&list, 1}, answerer_->tokens(questions), context);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    Evidence& evidence = decision.evidence[rules[i]];
    evidence.score = rounded(share_of(std::get<QuestionRule>(policy_.rules[rules[i]].by),
                                      answers.front()[i], evidence.found));
  }
}

void Moderator::look_for_words(const PreparedImage& image, Decision& decision,
                               Context& context) const {
  if (captioner_) {
    const PreparedImage alone = prepared(image, captioner_->pictures());
    const PreparedImage* list = &alone;
    decision.caption = captioner_->caption({&list, 1}, context).front().front().text;
  }
  for (std::size_t i = 0; i < policy_.rules.size(); ++i) {
    const auto* rule = std::get_if<WordsRule>(&policy_.rules[i].by);
    if (rule == nullptr) continue;
    std::optional<std::string> word;
    if (rule->in_text && image.text) word = word_in(rule->words, *image.text);
    if (!word && rule->in_caption) word = word_in(rule->words, decision.caption);
    decision.evidence[i].score = word ? 1.0 : 0.0;
    decision.evidence[i].found = word.value_or("");
  }
}

Decision Moderator::moderate(const PreparedImage& image, Context& context) const {
  Decision decision;
  decision.evidence.resize(policy_.rules.size());
  if (embedder_) compare_texts(image, decision, context);
  if (answerer_) ask_questions(image, decision, context);
  look_for_words(image, decision, context);
  for (std::size_t i = 0; i < policy_.rules.size(); ++i) {
    decide(policy_.rules[i], decision.evidence[i]);
    decision.action = std::max(decision.action, decision.evidence[i].action);
  }
  return decision;
}

}  // namespace blip::app
