// ModelParts: the classes that one model directory is loaded as.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "app/embedder.hpp"
#include "app/images/picture_reader.hpp"
#include "app/model_options.hpp"
#include "blip/conditional_generation.hpp"
#include "blip/question_answering.hpp"
#include "serve/engine/encoded_picture.hpp"
#include "serve/engine/label_vectors.hpp"
#include "tasks/image_classifier.hpp"

namespace blip::serve {

/// A use that a model is loaded for. Most directories have one, some several.
enum class Part { captioner, answerer, embedder, classifier };
inline constexpr std::size_t kParts = 4;

/// What a part makes of a picture.
[[nodiscard]] constexpr Encoding encoding_of(Part part) {
  return part == Part::classifier ? Encoding::logits : Encoding::image;
}

struct CaptionerPart {
  std::shared_ptr<const Tokenizer> tokenizer;
  BlipForConditionalGeneration model;
};

struct AnswererPart {
  std::shared_ptr<const Tokenizer> tokenizer;
  BlipForQuestionAnswering model;
};

struct EmbedderPart {
  app::Embedder embedder;
  LabelVectors labels;
};

/// Copies share the weights. Null: not loaded.
struct ModelParts {
  std::shared_ptr<const app::PictureReader> pictures;
  std::shared_ptr<const CaptionerPart> captioner;
  std::shared_ptr<const AnswererPart> answerer;
  std::shared_ptr<EmbedderPart> embedder;
  std::shared_ptr<const ImageClassifier> classifier;

  [[nodiscard]] bool has(Part part) const noexcept;
  /// Throws blip::Error, and is as it was then.
  void load(Part part, const app::ModelOptions& options);

  /// pixel_values: [B, 3, H, W] → of each picture, by a part that is loaded.
  [[nodiscard]] std::vector<EncodedPicture> encode(Encoding encoding, const Tensor& pixel_values,
                                                   Context& context) const;
};

}  // namespace blip::serve
