// Captioner: pictures in, captions out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/explain/explanation.hpp"
#include "app/images/image_batch.hpp"
#include "app/images/picture_reader.hpp"
#include "app/model_options.hpp"
#include "blip/conditional_generation.hpp"

namespace blip::app {

/// The captions of one image: num_return_sequences of them, best first.
using Captions = std::vector<std::string>;

struct CaptionOptions {
  std::string prompt;  ///< how every caption starts
  GenerationOptions generation;
};

/// What explain() returns of a caption is its Explanation, whose text is the caption.
using ExplainedCaptions = std::vector<Explanation>;

/// Immutable after construction: every member may be called from many threads at once, each with
/// its own Context. All throw blip::Error.
class Captioner {
 public:
  Captioner(const ModelOptions& model, CaptionOptions options);

  /// Safe to call from many threads at once.
  [[nodiscard]] const PictureReader& pictures() const noexcept { return pictures_; }

  /// The captions of each image. With a seed, they depend on it and on the image's place in the
  /// list, so that they are the same in every shard and resumed run.
  [[nodiscard]] std::vector<Captions> caption(Images images, Context& context) const;

  /// The same captions, each with where the model looked for the words that it wrote.
  [[nodiscard]] std::vector<ExplainedCaptions> explain(Images images, const GradCamOptions& options,
                                                       Context& context) const;

  /// `caption` without the prompt that it begins with, as captions are judged and kept.
  [[nodiscard]] std::string without_prompt(std::string caption) const;

 private:
  // Calls `use` with every image, its place in `images` and each of its sequences.
  using UseSequence = std::function<void(const EncodedImage& image, std::size_t place,
                                         const std::vector<TokenId>& sequence)>;
  void for_each_sequence(Images images, const UseSequence& use, Context& context) const;

  PictureReader pictures_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<TokenId> prompt_;  // [CLS] … [SEP]; empty if there is none
  std::string decoded_prompt_;   // an uncased tokenizer makes "A photo" "a photo"
  GenerationOptions generation_;
  BlipForConditionalGeneration model_;
};

}  // namespace blip::app
