#include "app/answerer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/banned_words.hpp"
#include "app/captions/caption_prompt.hpp"
#include "architectures/registry.hpp"
#include "blip/error.hpp"
#include "blip/text_style.hpp"

namespace blip::app {
namespace {

// Pairs of an image and a question that are decoded together: enough to read the weights seldom,
// while hundreds of questions about a batch of images do not fill the memory with their beams.
constexpr std::size_t kPairsTogether = 64;

std::vector<std::vector<TokenId>> encoded(const Tokenizer& tokenizer,
                                          std::span<const std::string> texts) {
  std::vector<std::vector<TokenId>> rows;
  rows.reserve(texts.size());
  for (const std::string& text : texts) rows.push_back(tokenizer.encode(text));
  return rows;
}

}  // namespace

Answerer::Answerer(const ModelOptions& model, AnswerOptions options)
    : options_(std::move(options)),
      pictures_(model.model, model.pictures, model.processor),
      tokenizer_(open_tokenizer(model.model, model.processor)),
      answer_ids_(encoded(*tokenizer_, options_.answers)),
      model_(BlipForQuestionAnswering::from_pretrained(model.model, model.load())) {
  ban_words(options_.banned_words, *tokenizer_, options_.generation);
}

std::vector<TokenId> question_tokens(const Tokenizer& tokenizer, const std::string& question,
                                     TextStyle style) {
  return tokenizer.encode(style == TextStyle::hf ? question : pre_question(question));
}

std::vector<std::vector<TokenId>> Answerer::tokens(std::span<const std::string> questions) const {
  std::vector<std::vector<TokenId>> rows;
  rows.reserve(questions.size());
  for (const std::string& question : questions) {
    rows.push_back(question_tokens(*tokenizer_, question, options_.style));
  }
  return rows;
}

std::vector<std::vector<Answers>> Answerer::answer(Images images,
                                                   std::span<const std::vector<TokenId>> questions,
                                                   Context& context) const {
  // As for captions: random numbers are drawn by the place in the list.
  const bool consecutive = options_.generation.seed.has_value();
  std::vector<std::vector<Answers>> all;
  for (const Images run : runs_of_one_shape(images, consecutive)) {
    std::vector<EncodedImage> pair_images;
    std::vector<std::vector<TokenId>> pair_questions;
    std::vector<std::size_t> questions_of_each;
    const auto encoded_images = model_.encode_images(stacked_pixels(run), context);
    for (std::size_t i = 0; i < run.size(); ++i) {
      const auto own = own_question(*run[i]);
      const auto asked = own.empty() ? questions : std::span(own);
      pair_images.insert(pair_images.end(), asked.size(), encoded_images[i]);
      pair_questions.insert(pair_questions.end(), asked.begin(), asked.end());
      questions_of_each.push_back(asked.size());
    }
    const std::size_t first = run.front()->index * questions_of_each.front();
    auto answers = answer_pairs(pair_images, pair_questions, first, context);
    auto next = answers.begin();
    for (const std::size_t count : questions_of_each) {
      const auto end = next + static_cast<std::ptrdiff_t>(count);
      all.emplace_back(std::make_move_iterator(next), std::make_move_iterator(end));
      next = end;
    }
  }
  return all;
}

std::vector<std::vector<TokenId>> Answerer::own_question(const PreparedImage& image) const {
  if (!image.text) return {};
  return tokens(std::span(&*image.text, 1));
}

void Answerer::check(const ImageInput& input) const {
  if (!input.text || options_.style == TextStyle::original) return;  // that style shortens it
  const std::size_t length = tokens(std::span(&*input.text, 1)).front().size();
  const int positions = model_.config().text_config.max_position_embeddings;
  if (std::cmp_greater(length, positions)) {
    throw Error(ErrorCode::invalid_argument, "its question has " + std::to_string(length) +
                                                 " tokens, but the model has only " +
                                                 std::to_string(positions) + " positions");
  }
}

std::vector<EncodedImage> Answerer::encode(Images images, Context& context) const {
  return encode_in_runs(
      images, [&](const Tensor& pixels) { return model_.encode_images(pixels, context); });
}

std::vector<Answers> Answerer::answer_pairs(std::span<const EncodedImage> images,
                                            std::span<const std::vector<TokenId>> questions,
                                            std::size_t first, Context& context) const {
  std::vector<Answers> answers;
  for (std::size_t at = 0; at < images.size(); at += kPairsTogether) {
    const std::size_t count = std::min(kPairsTogether, images.size() - at);
    const auto some_images = images.subspan(at, count);
    const auto some_questions = questions.subspan(at, count);
    auto some = options_.answers.empty()
                    ? generate(some_images, some_questions, first + at, context)
                    : choose(some_images, some_questions, context);
    std::move(some.begin(), some.end(), std::back_inserter(answers));
  }
  return answers;
}

std::vector<Answers> Answerer::generate(std::span<const EncodedImage> images,
                                        std::span<const std::vector<TokenId>> questions,
                                        std::size_t first, Context& context) const {
  GenerationOptions generation = options_.generation;
  generation.image_offset = first;
  const auto sequences =
      model_.generate_sequences(images, questions, generation, options_.style, context);
  std::vector<Answers> answers(questions.size());
  const std::size_t sequences_per_question = sequences.size() / questions.size();
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const std::size_t pair = i / sequences_per_question;
    Answer answer{.text = generated_text(*tokenizer_, sequences[i].ids),
                  .score = score_of(sequences[i])};
    answer.explanation =
        explanation(images[pair], questions[pair], sequences[i].ids, answer.text, context);
    answers[pair].push_back(std::move(answer));
  }
  return answers;
}

std::optional<Explanation> Answerer::explanation(const EncodedImage& image,
                                                 const std::vector<TokenId>& question,
                                                 std::vector<TokenId> sequence,
                                                 const std::string& text, Context& context) const {
  if (!options_.explain) return std::nullopt;
  sequence.front() = model_.config().text_config.bos_token_id;  // of a list's answers it is [CLS]
  return explanation_of(
      *tokenizer_, text,
      model_.grad_cam(image, question, sequence, options_.style, *options_.explain, context));
}

std::vector<Answers> Answerer::choose(std::span<const EncodedImage> images,
                                      std::span<const std::vector<TokenId>> questions,
                                      Context& context) const {
  const RankOptions ranking = {.k = options_.rank_k, .style = options_.style};
  std::vector<Answers> answers;
  for (const auto& ranked : model_.rank_answers(images, questions, answer_ids_, ranking, context)) {
    const std::size_t pair = answers.size();
    Answers best;
    for (const RankedAnswer& answer :
         std::span(ranked).first(std::min(options_.top, ranked.size()))) {
      const std::string& text = options_.answers[answer.answer];
      best.push_back({.text = text,
                      .score = score_of(answer),
                      .explanation = explanation(images[pair], questions[pair],
                                                 answer_ids_[answer.answer], text, context)});
    }
    answers.push_back(std::move(best));
  }
  return answers;
}

}  // namespace blip::app
