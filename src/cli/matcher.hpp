// Matcher: a loaded model that says how images and texts fit each other.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "blip/image_text_retrieval.hpp"
#include "cli/input/image_batch.hpp"
#include "cli/input/picture_reader.hpp"
#include "cli/options/retrieval_options.hpp"
#include "dataset/sample.hpp"

namespace blip::cli {

/// What the image-text matching head says of a pair.
struct Matching {
  float logit = 0.0F;        ///< of the class "match"
  float probability = 0.0F;  ///< of it
};

/// A text as token ids, [CLS] … [SEP].
using Tokens = std::vector<TokenId>;

class Matcher {
 public:
  /// Loads the model. Throws blip::Error.
  explicit Matcher(const RetrievalOptions& options);

  /// Decodes and resizes one picture. Safe to call from many threads at once. Throws blip::Error.
  [[nodiscard]] BlipInputs prepare(const std::filesystem::path& picture) const {
    return reader_(picture);
  }

  [[nodiscard]] BlipInputs prepare(const dataset::EncodedPicture& picture) const {
    return reader_.decode(picture.bytes, picture.name);
  }

  /// In the chosen style.
  [[nodiscard]] std::vector<Tokens> tokens(const std::vector<std::string>& texts) const;

  // All throw blip::Error.

  /// Images none of which may have failed to load.
  std::vector<EncodedImage> encode(Images images);
  /// Of unit length: → [images, D] or [texts, D]
  Tensor embed(std::span<const EncodedImage> images);
  Tensor embed(std::span<const Tokens> texts);
  /// Of one image with each of the texts.
  std::vector<Matching> match(const EncodedImage& image, std::span<const Tokens> texts);

  [[nodiscard]] int num_threads() const noexcept { return context_.num_threads(); }

 private:
  Matcher(const RetrievalOptions& options, const std::filesystem::path& model);

  TextStyle style_;
  PictureReader reader_;
  BlipForImageTextRetrieval model_;
  Context context_;
};

/// Token ids of `texts` in a style: the original's texts are cleaned first.
std::vector<Tokens> tokens_in_style(const BertTokenizer& tokenizer,
                                    const std::vector<std::string>& texts, TextStyle style);

}  // namespace blip::cli
