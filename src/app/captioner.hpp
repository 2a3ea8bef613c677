// Captioner: pictures in, captions out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/captions/caption_edits.hpp"
#include "app/captions/caption_prompt.hpp"
#include "app/explain/explanation.hpp"
#include "app/images/image_batch.hpp"
#include "app/images/image_stream.hpp"
#include "app/images/picture_reader.hpp"
#include "app/model_options.hpp"
#include "app/text_score.hpp"
#include "blip/conditional_generation.hpp"

namespace blip::app {

struct Caption {
  std::string text;
  TextScore score;  ///< of what was generated, before it was edited; with output_scores
  /// Where the model looked for the words that it wrote, if CaptionOptions::explain.
  std::optional<Explanation> explanation = std::nullopt;
};

/// The captions of one image: num_return_sequences of them, best first.
using Captions = std::vector<Caption>;

struct CaptionOptions {
  std::string prompt;  ///< how captions start where an image has no text of its own
  GenerationOptions generation;
  std::vector<std::string> banned_words = {};  ///< words and phrases that no caption contains
  CaptionEdits edits = {};
  std::optional<GradCamOptions> explain = std::nullopt;  ///< say where the model looked
};

/// Immutable after construction: every member may be called from many threads at once, each with
/// its own Context. All throw blip::Error.
class Captioner {
 public:
  Captioner(const ModelOptions& model, CaptionOptions options);

  /// Safe to call from many threads at once.
  [[nodiscard]] const PictureReader& pictures() const noexcept { return pictures_; }

  /// The captions of each image, which begin with its text, if it has one. With a seed, they depend
  /// on it and on the image's place in the list, so that they are the same in every shard and
  /// resumed run.
  [[nodiscard]] std::vector<Captions> caption(Images images, Context& context) const;

  /// `caption` without the prompt that it begins with, as captions are judged and kept.
  [[nodiscard]] std::string without_prompt(std::string caption) const;

  /// Throws invalid_argument for an image's own text that the model has no room for.
  void check(const ImageInput& input) const;

 private:
  void caption_run(Images images, std::vector<Captions>& captions, Context& context) const;

  PictureReader pictures_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  CaptionPrompt prompt_;  // without tokens if there is none
  GenerationOptions generation_;
  CaptionEdits edits_;
  std::optional<GradCamOptions> explain_;
  BlipForConditionalGeneration model_;
};

}  // namespace blip::app
