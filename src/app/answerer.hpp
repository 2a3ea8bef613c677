// Answerer: pictures and questions in, answers out.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/explain/explanation.hpp"
#include "app/images/image_batch.hpp"
#include "app/images/image_stream.hpp"
#include "app/images/picture_reader.hpp"
#include "app/model_options.hpp"
#include "app/text_score.hpp"
#include "blip/question_answering.hpp"

namespace blip::app {

struct Answer {
  std::string text;
  TextScore score;  ///< of answers in the model's own words with output_scores
  /// Where the model looked for the words of the answer, if AnswerOptions::explain.
  std::optional<Explanation> explanation = std::nullopt;
};

/// The answers to one question, best first.
using Answers = std::vector<Answer>;

/// A question as the model reads it in a style.
std::vector<TokenId> question_tokens(const Tokenizer& tokenizer, const std::string& question,
                                     TextStyle style);

struct AnswerOptions {
  TextStyle style = TextStyle::hf;
  GenerationOptions generation;                ///< of answers in the model's own words
  std::vector<std::string> answers;            ///< to choose from; empty: the model's own words
  int rank_k = 128;                            ///< RankOptions::k
  std::size_t top = 1;                         ///< how many of `answers` each question gets
  std::vector<std::string> banned_words = {};  ///< that no answer in the model's own words contains
  std::optional<GradCamOptions> explain = std::nullopt;  ///< say where the model looked
};

/// Immutable after construction: every member may be called from many threads at once, each with
/// its own Context. All throw blip::Error.
class Answerer {
 public:
  Answerer(const ModelOptions& model, AnswerOptions options);

  [[nodiscard]] const PictureReader& pictures() const noexcept { return pictures_; }

  /// Token ids of questions in the chosen style.
  [[nodiscard]] std::vector<std::vector<TokenId>> tokens(
      std::span<const std::string> questions) const;

  /// For each image the answers to every question, or to its own text, if it has one. With a seed,
  /// they depend on it and on the image's place in the list; either all images have a text then or
  /// none.
  [[nodiscard]] std::vector<std::vector<Answers>> answer(
      Images images, std::span<const std::vector<TokenId>> questions, Context& context) const;

  /// Throws invalid_argument for an image's own text that the model has no room for.
  void check(const ImageInput& input) const;

  [[nodiscard]] std::vector<EncodedImage> encode(Images images, Context& context) const;

  /// The answers to questions[i] about images[i]. `first` is the number of the first pair of all,
  /// for the seeds.
  [[nodiscard]] std::vector<Answers> answer_pairs(std::span<const EncodedImage> images,
                                                  std::span<const std::vector<TokenId>> questions,
                                                  std::size_t first, Context& context) const;

 private:
  /// Its own text as a question; none if it has none.
  [[nodiscard]] std::vector<std::vector<TokenId>> own_question(const PreparedImage& image) const;
  // Nothing unless options_.explain. `sequence`: [DEC] and the answer.
  [[nodiscard]] std::optional<Explanation> explanation(const EncodedImage& image,
                                                       const std::vector<TokenId>& question,
                                                       std::vector<TokenId> sequence,
                                                       const std::string& text,
                                                       Context& context) const;
  [[nodiscard]] std::vector<Answers> generate(std::span<const EncodedImage> images,
                                              std::span<const std::vector<TokenId>> questions,
                                              std::size_t first, Context& context) const;
  [[nodiscard]] std::vector<Answers> choose(std::span<const EncodedImage> images,
                                            std::span<const std::vector<TokenId>> questions,
                                            Context& context) const;

  AnswerOptions options_;
  PictureReader pictures_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<std::vector<TokenId>> answer_ids_;  // of options_.answers
  BlipForQuestionAnswering model_;
};

}  // namespace blip::app
