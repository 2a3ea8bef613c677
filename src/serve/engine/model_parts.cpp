#include "serve/engine/model_parts.hpp"

#include <utility>

#include "architectures/registry.hpp"
#include "tasks/embedding.hpp"

namespace blip::serve {

bool ModelParts::has(Part part) const noexcept {
  switch (part) {
    case Part::captioner:
      return captioner != nullptr;
    case Part::answerer:
      return answerer != nullptr;
    case Part::embedder:
      return embedder != nullptr;
    case Part::classifier:
      return classifier != nullptr;
  }
  return false;
}

void ModelParts::load(Part part, const app::ModelOptions& options) {
  ModelParts loaded = *this;
  if (!loaded.pictures) {
    loaded.pictures = std::make_shared<const app::PictureReader>(options.model, options.pictures,
                                                                 options.processor);
  }
  const auto tokenizer = [&] { return open_tokenizer(options.model, options.processor); };
  switch (part) {
    case Part::captioner:
      loaded.captioner = std::make_shared<const CaptionerPart>(CaptionerPart{
          tokenizer(),
          BlipForConditionalGeneration::from_pretrained(options.model, options.load())});
      break;
    case Part::answerer:
      loaded.answerer = std::make_shared<const AnswererPart>(AnswererPart{
          tokenizer(), BlipForQuestionAnswering::from_pretrained(options.model, options.load())});
      break;
    case Part::embedder:
      loaded.embedder = std::make_shared<EmbedderPart>(
          EmbedderPart{app::Embedder(options, TextStyle::hf), LabelVectors()});
      break;
    case Part::classifier:
      loaded.classifier = open_image_classifier(options.model, options.load());
      break;
  }
  *this = std::move(loaded);
}

std::vector<EncodedPicture> ModelParts::encode(Encoding encoding, const Tensor& pixel_values,
                                               Context& context) const {
  std::vector<EncodedPicture> encoded;
  if (encoding == Encoding::logits) {
    const Tensor logits = classifier->logits(pixel_values, context);
    const auto count = static_cast<std::size_t>(logits.shape.front());
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = row_of(logits, i);
      encoded.push_back({.value = Tensor{{1, logits.shape[1]}, {row.begin(), row.end()}}});
    }
    return encoded;
  }
  // Parts of one directory share its vision encoder.
  std::vector<EncodedImage> images;
  if (captioner) {
    images = captioner->model.encode_images(pixel_values, context);
  } else if (answerer) {
    images = answerer->model.encode_images(pixel_values, context);
  } else {
    images = embedder->embedder.model().encode_images(pixel_values, context);
  }
  for (EncodedImage& image : images) encoded.push_back({.value = std::move(image)});
  return encoded;
}

}  // namespace blip::serve
