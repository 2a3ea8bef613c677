// GoldenCheck: whether a model answers what it is known to answer.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "app/verify/goldens.hpp"
#include "blip/conditional_generation.hpp"
#include "blip/image_text_retrieval.hpp"
#include "blip/processor.hpp"
#include "blip/question_answering.hpp"
#include "tasks/image_classifier.hpp"

namespace blip::app {

/// What the model says, and whether that is as expected.
struct GoldenOutcome {
  bool holds = false;
  std::string got;
};

/// What a model should say, in the words of GoldenOutcome::got.
std::string expectation_of(const Golden& golden);

class GoldenCheck {
 public:
  /// Weights are loaded when they are first needed.
  GoldenCheck(std::filesystem::path model, int threads);

  /// Throws blip::Error, if it is about the model; nothing, and `problem` says why, if the image
  /// cannot be read.
  std::optional<GoldenOutcome> run(const Golden& golden, const std::filesystem::path& image,
                                   std::string& problem);

 private:
  GoldenOutcome caption(const Golden& golden, const Image& image);
  GoldenOutcome answer(const Golden& golden, const Image& image);
  GoldenOutcome match(const Golden& golden, const Image& image);
  GoldenOutcome classify(const Golden& golden, const Image& image);
  /// The processor, for the size that a golden result asks for.
  [[nodiscard]] BlipProcessor processor_for(const Golden& golden);

  std::filesystem::path path_;
  std::optional<BlipProcessor> processor_;
  std::optional<BlipForConditionalGeneration> captioning_;
  std::optional<BlipForQuestionAnswering> answering_;
  std::optional<BlipForImageTextRetrieval> matching_;
  std::shared_ptr<const ImageClassifier> classifying_;
  Context context_;
};

}  // namespace blip::app
