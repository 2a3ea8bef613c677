// What is behind the handles of blip.h.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "blip.h"
#include "blip/conditional_generation.hpp"
#include "blip/context.hpp"
#include "blip/encoded_image.hpp"
#include "blip/image.hpp"
#include "blip/question_answering.hpp"
#include "blip/tensor.hpp"
#include "blip/tokenizer.hpp"
#include "image/image_processor.hpp"
#include "tasks/dual_encoder.hpp"
#include "tasks/image_classifier.hpp"

struct blip_error {
  blip_status status;
  std::string message;
};

struct blip_context {
  blip::Context context;
};

struct blip_image {
  blip::Image image;
};

struct blip_texts {
  struct Text {
    std::string text;
    float log_probability;
  };
  std::vector<Text> texts;
};

namespace blip::c {

/// A model of any architecture: one of the four is there.
struct OpenModel {
  std::string architecture;
  std::shared_ptr<const ImageProcessor> image_processor;
  std::shared_ptr<const Tokenizer> tokenizer;  // null for a classifier
  std::optional<BlipForConditionalGeneration> captioner;
  std::optional<BlipForQuestionAnswering> answerer;
  std::shared_ptr<const DualEncoder> encoder;
  std::shared_ptr<const ImageClassifier> classifier;
  int embedding_size = 0;

  /// pixel_values: [B, 3, H, W] → B images. Not of a classifier.
  [[nodiscard]] std::vector<EncodedImage> encode(TensorView pixel_values, Context& context) const;
};

/// Throws blip::Error.
std::shared_ptr<const OpenModel> open_model(const char* name, const blip_model_options& options);

}  // namespace blip::c

struct blip_model {
  std::shared_ptr<const blip::c::OpenModel> model;
};

struct blip_encoded_image {
  std::shared_ptr<const blip::c::OpenModel> model;  // that it was made for
  std::optional<blip::EncodedImage> image;          // none of a classifier, which reads
  blip::Tensor pixel_values = {};                   // [1, 3, H, W] at once
};

namespace blip::c {

/// What `model` has read. Throws invalid_argument for NULL and for an image that another model
/// encoded, also another handle of the same files: numbers of equal width would be taken for its
/// own.
const blip_encoded_image& encoded_by(const blip_model* model, const blip_encoded_image* image);

/// The same, of a model other than a classifier.
const EncodedImage& encoded_by_tower(const blip_model* model, const blip_encoded_image* image);

}  // namespace blip::c
