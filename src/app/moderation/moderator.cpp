#include "app/moderation/moderator.hpp"

#include "blip/error.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {

Moderator::Moderator(Policy policy, const ModeratorModels& models, Context& context)
    : policy_(std::move(policy)), asked_(questions_of(policy_)) {
  if (asked_.empty()) {
    throw Error(ErrorCode::invalid_argument, "the policy has no rule that looks at pictures");
  }
  if (!asked_.phrases.empty()) {
    embedder_.emplace(models.texts, TextStyle::hf);
    phrases_ = embedder_->embed(embedder_->tokens(asked_.phrases), context);
  }
  if (!asked_.questions.empty()) {
    const std::size_t count = asked_.answers.size();
    answerer_.emplace(models.questions, AnswerOptions{.generation = {},
                                                      .answers = asked_.answers,
                                                      .rank_k = static_cast<int>(count),
                                                      .top = count});
  }
  if (asked_.caption) {
    captioner_.emplace(models.captions, CaptionOptions{.prompt = "", .generation = {}});
  }
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

std::vector<float> Moderator::cosines(const PreparedImage& image, Context& context) const {
  const PreparedImage alone = prepared(image, embedder_->pictures());
  const PreparedImage* list = &alone;
  const Tensor vector = embedder_->embed(embedder_->encode({&list, 1}, context), context);
  std::vector<float> cosines;
  for (std::size_t i = 0; i < asked_.phrases.size(); ++i) {
    cosines.push_back(dot(row_of(vector, 0), row_of(phrases_, i)));
  }
  return cosines;
}

std::vector<std::vector<AnswerLikelihood>> Moderator::answers(const PreparedImage& image,
                                                              Context& context) const {
  const PreparedImage alone = prepared(image, answerer_->pictures());
  const PreparedImage* list = &alone;
  const auto ranked =
      answerer_->answer({&list, 1}, answerer_->tokens(asked_.questions), context).front();
  std::vector<std::vector<AnswerLikelihood>> likelihoods;
  for (const Answers& answers : ranked) {
    auto& of_question = likelihoods.emplace_back();
    for (const Answer& answer : answers) {
      of_question.push_back(
          {.answer = answer.text, .log_probability = answer.score.log_probability});
    }
  }
  return likelihoods;
}

std::string Moderator::caption(const PreparedImage& image, Context& context) const {
  const PreparedImage alone = prepared(image, captioner_->pictures());
  const PreparedImage* list = &alone;
  return captioner_->caption({&list, 1}, context).front().front().text;
}

Decision Moderator::moderate(const PreparedImage& image, Context& context) const {
  ModelFindings findings;
  if (embedder_) findings.cosines = cosines(image, context);
  if (answerer_) findings.answers = answers(image, context);
  if (captioner_) findings.caption = caption(image, context);
  return decision_of(policy_, asked_, findings, image.text);
}

}  // namespace blip::app
