#include "app/answerer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "architectures/registry.hpp"
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
      model_(BlipForQuestionAnswering::from_pretrained(model.model,
                                                       {.weight_type = model.weight_type})) {}

std::vector<std::vector<TokenId>> Answerer::tokens(std::span<const std::string> questions) const {
  if (options_.style == TextStyle::hf) return encoded(*tokenizer_, questions);
  std::vector<std::string> prepared;
  prepared.reserve(questions.size());
  for (const std::string& question : questions) prepared.push_back(pre_question(question));
  return encoded(*tokenizer_, prepared);
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
    for (const EncodedImage& image : model_.encode_images(stacked_pixels(run), context)) {
      pair_images.insert(pair_images.end(), questions.size(), image);
      pair_questions.insert(pair_questions.end(), questions.begin(), questions.end());
    }
    auto answers =
        answer_pairs(pair_images, pair_questions, run.front()->index * questions.size(), context);
    for (auto next = answers.begin(); next != answers.end();) {
      const auto end = next + static_cast<std::ptrdiff_t>(questions.size());
      all.emplace_back(std::make_move_iterator(next), std::make_move_iterator(end));
      next = end;
    }
  }
  return all;
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
  DecodeOptions as_answer;
  as_answer.skip_special_tokens = true;
  std::vector<Answers> answers(questions.size());
  const std::size_t sequences_per_question = sequences.size() / questions.size();
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    answers[i / sequences_per_question].push_back(
        {.text = tokenizer_->decode(sequences[i].ids, as_answer)});
  }
  return answers;
}

std::vector<Answers> Answerer::choose(std::span<const EncodedImage> images,
                                      std::span<const std::vector<TokenId>> questions,
                                      Context& context) const {
  const RankOptions ranking = {.k = options_.rank_k, .style = options_.style};
  std::vector<Answers> answers;
  for (const auto& ranked : model_.rank_answers(images, questions, answer_ids_, ranking, context)) {
    Answers best;
    for (const RankedAnswer& answer :
         std::span(ranked).first(std::min(options_.top, ranked.size()))) {
      best.push_back({.text = options_.answers[answer.answer], .score = answer.score});
    }
    answers.push_back(std::move(best));
  }
  return answers;
}

}  // namespace blip::app
