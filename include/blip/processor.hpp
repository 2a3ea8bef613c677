// BlipProcessor: turns images and texts into model inputs, and token ids into text.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "blip/config.hpp"
#include "blip/context.hpp"
#include "blip/export.hpp"
#include "blip/image.hpp"
#include "blip/load_options.hpp"
#include "blip/tensor.hpp"
#include "blip/tokenizer.hpp"

namespace blip {

/// What a model takes.
struct BlipInputs {
  Tensor pixel_values;  ///< [B, 3, H, W], normalised
  /// One row of token ids per image, [CLS] … [SEP], unpadded; empty when there is no text.
  std::vector<std::vector<TokenId>> input_ids;
};

/// Images as a model takes them: → [B, 3, H, W]. What BlipProcessor makes of them, for models that
/// read no texts. Throws invalid_argument for images of different sizes if they are not resized.
BLIP_API Tensor prepare_images(std::span<const Image> images,
                               const BlipImageProcessorConfig& config);

/// Immutable after loading; every member is const and safe to call from many threads.
class BLIP_API BlipProcessor {
 public:
  /// `model` is a model directory or the name of a bundled model. Throws as BertTokenizer and
  /// BlipImageProcessorConfig do.
  static BlipProcessor from_pretrained(const std::filesystem::path& model,
                                       const LoadOptions& options = {});

  BlipProcessor(BlipImageProcessorConfig image_processor, BertTokenizer tokenizer);

  [[nodiscard]] BlipInputs operator()(const Image& image) const;
  [[nodiscard]] BlipInputs operator()(const Image& image, std::string_view text) const;
  /// `texts` holds one text per image, or one for all, or none.
  [[nodiscard]] BlipInputs operator()(std::span<const Image> images,
                                      std::span<const std::string> texts = {}) const;

  [[nodiscard]] std::string decode(std::span<const TokenId> ids,
                                   const DecodeOptions& options = {}) const;

  [[nodiscard]] const BlipImageProcessorConfig& image_processor() const noexcept {
    return image_processor_;
  }
  [[nodiscard]] const BertTokenizer& tokenizer() const noexcept { return tokenizer_; }

 private:
  BlipImageProcessorConfig image_processor_;
  BertTokenizer tokenizer_;
};

}  // namespace blip
