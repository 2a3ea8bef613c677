// Answerer: a loaded model and how it is to be asked; pictures in, answers out.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "blip/question_answering.hpp"
#include "cli/input/image_batch.hpp"
#include "cli/input/picture_reader.hpp"
#include "cli/options/ask_options.hpp"
#include "dataset/sample.hpp"

namespace blip::cli {

struct Answer {
  std::string text;
  float score = 0.0F;  ///< of a ranked answer; a generated one has none
};

/// The answers to one question, best first.
using Answers = std::vector<Answer>;

class Answerer {
 public:
  /// Loads the model. Throws blip::Error.
  explicit Answerer(const AskOptions& options);

  /// Decodes and resizes one picture. Safe to call from many threads at once. Throws blip::Error.
  [[nodiscard]] BlipInputs prepare(const std::filesystem::path& picture) const {
    return reader_(picture);
  }

  [[nodiscard]] BlipInputs prepare(const dataset::EncodedPicture& picture) const {
    return reader_.decode(picture.bytes, picture.name);
  }

  /// For each image, none of which may have failed to load, the answers to every question. Throws
  /// blip::Error.
  std::vector<std::vector<Answers>> answer(Images images);

  // For questions that differ from image to image; the options then have none. All throw
  // blip::Error.

  /// Token ids of questions in the chosen style.
  [[nodiscard]] std::vector<std::vector<TokenId>> tokens(
      const std::vector<std::string>& questions) const;
  /// Images none of which may have failed to load.
  std::vector<EncodedImage> encode(Images images);
  /// The answers to questions[i] about images[i]. `first` is the number of the first pair of all,
  /// for the seeds.
  std::vector<Answers> answer(std::span<const EncodedImage> images,
                              std::span<const std::vector<TokenId>> questions, std::size_t first);

  [[nodiscard]] int num_threads() const noexcept { return context_.num_threads(); }

 private:
  Answerer(const AskOptions& options, const std::filesystem::path& model);
  std::vector<Answers> answer_run(Images images);
  std::vector<Answers> generate(std::span<const EncodedImage> images,
                                std::span<const std::vector<TokenId>> questions);
  std::vector<Answers> choose(std::span<const EncodedImage> images,
                              std::span<const std::vector<TokenId>> questions);

  TextStyle style_;
  GenerationChoices generation_;
  RankOptions ranking_;
  std::size_t answers_per_question_;
  PictureReader reader_;
  std::vector<std::vector<TokenId>> questions_;
  std::vector<std::string> answers_;
  std::vector<std::vector<TokenId>> answer_ids_;
  BlipForQuestionAnswering model_;
  Context context_;
};

}  // namespace blip::cli
