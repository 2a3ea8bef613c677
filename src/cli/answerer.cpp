#include "cli/answerer.hpp"

#include <algorithm>
#include <iterator>
#include <span>

#include "blip/error.hpp"
#include "cli/input/model_download.hpp"

namespace blip::cli {
namespace {

// Pairs of an image and a question that are decoded together: enough to read the weights seldom,
// while hundreds of questions about a batch of images do not fill the memory with their beams.
constexpr std::size_t kPairsTogether = 64;

std::vector<std::vector<TokenId>> encoded(const BertTokenizer& tokenizer,
                                          const std::vector<std::string>& texts) {
  std::vector<std::vector<TokenId>> rows;
  rows.reserve(texts.size());
  for (const std::string& text : texts) rows.push_back(tokenizer.encode(text));
  return rows;
}

std::vector<std::string> cleaned(const std::vector<std::string>& questions, TextStyle style) {
  if (style == TextStyle::hf) return questions;
  std::vector<std::string> clean;
  clean.reserve(questions.size());
  for (const std::string& question : questions) clean.push_back(pre_question(question));
  return clean;
}

}  // namespace

Answerer::Answerer(const AskOptions& options)
    : Answerer(options, find_model(options.model.name, options.output.quiet)) {}

Answerer::Answerer(const AskOptions& options, const std::filesystem::path& model)
    : style_(options.style),
      generation_(options.generation),
      ranking_{.k = options.rank_k, .style = options.style},
      answers_per_question_(options.answers_per_question()),
      reader_(model, options.model.image_size, options.inputs.pictures),
      questions_(encoded(reader_.processor().tokenizer(),
                         cleaned(options.questions.texts, options.style))),
      answers_(options.answers),
      answer_ids_(encoded(reader_.processor().tokenizer(), options.answers)),
      model_(BlipForQuestionAnswering::from_pretrained(model,
                                                       {.weight_type = options.model.weight_type})),
      context_({.num_threads = options.model.threads}) {}

std::vector<std::vector<Answers>> Answerer::answer(Images images) {
  // As for captions: seeds are to mean the same in every shard and resumed run.
  std::vector<std::vector<Answers>> all;
  for (const Images run : runs_that_fit_together(images, generation_.options.seed.has_value())) {
    std::vector<Answers> answers = answer_run(run);
    for (auto next = answers.begin(); next != answers.end();) {
      const auto end = next + static_cast<std::ptrdiff_t>(questions_.size());
      all.emplace_back(std::make_move_iterator(next), std::make_move_iterator(end));
      next = end;
    }
  }
  return all;
}

std::vector<Answers> Answerer::answer_run(Images images) {
  const auto encoded_images = model_.encode_images(stacked_pixels(images), context_);
  std::vector<EncodedImage> pair_images;
  std::vector<std::vector<TokenId>> pair_questions;
  for (const EncodedImage& image : encoded_images) {
    pair_images.insert(pair_images.end(), questions_.size(), image);
    pair_questions.insert(pair_questions.end(), questions_.begin(), questions_.end());
  }
  return answer(pair_images, pair_questions, images.front()->input.index * questions_.size());
}

std::vector<std::vector<TokenId>> Answerer::tokens(
    const std::vector<std::string>& questions) const {
  return encoded(reader_.processor().tokenizer(), cleaned(questions, style_));
}

std::vector<EncodedImage> Answerer::encode(Images images) {
  std::vector<EncodedImage> encoded_images;
  for (const Images run : runs_that_fit_together(images)) {
    auto some = model_.encode_images(stacked_pixels(run), context_);
    std::move(some.begin(), some.end(), std::back_inserter(encoded_images));
  }
  return encoded_images;
}

std::vector<Answers> Answerer::answer(std::span<const EncodedImage> images,
                                      std::span<const std::vector<TokenId>> questions,
                                      std::size_t first) {
  std::vector<Answers> answers;
  for (std::size_t at = 0; at < images.size(); at += kPairsTogether) {
    const std::size_t count = std::min(kPairsTogether, images.size() - at);
    const auto some_images = images.subspan(at, count);
    const auto some_questions = questions.subspan(at, count);
    generation_.options.image_offset = first + at;
    auto some = answers_.empty() ? generate(some_images, some_questions)
                                 : choose(some_images, some_questions);
    std::move(some.begin(), some.end(), std::back_inserter(answers));
  }
  return answers;
}

std::vector<Answers> Answerer::generate(std::span<const EncodedImage> images,
                                        std::span<const std::vector<TokenId>> questions) {
  std::vector<GeneratedSequence> rows;
  try {
    rows = model_.generate_sequences(images, questions, generation_.options, style_, context_);
  } catch (const Error& error) {
    throw generation_.in_our_words(error);
  }
  DecodeOptions as_answer;
  as_answer.skip_special_tokens = true;
  std::vector<Answers> answers(questions.size());
  const std::size_t rows_per_question = rows.size() / questions.size();
  for (std::size_t row = 0; row < rows.size(); ++row) {
    answers[row / rows_per_question].push_back(
        {.text = reader_.processor().decode(rows[row].ids, as_answer)});
  }
  return answers;
}

std::vector<Answers> Answerer::choose(std::span<const EncodedImage> images,
                                      std::span<const std::vector<TokenId>> questions) {
  std::vector<Answers> answers;
  for (const auto& ranked :
       model_.rank_answers(images, questions, answer_ids_, ranking_, context_)) {
    Answers best;
    for (const RankedAnswer& answer : std::span(ranked).first(answers_per_question_)) {
      best.push_back({.text = answers_[answer.answer], .score = answer.score});
    }
    answers.push_back(std::move(best));
  }
  return answers;
}

}  // namespace blip::cli
