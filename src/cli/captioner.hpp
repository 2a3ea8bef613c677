// Captioner: a loaded model and how it is to be used; pictures in, captions out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "blip/conditional_generation.hpp"
#include "cli/input/image_batch.hpp"
#include "cli/input/picture_reader.hpp"
#include "cli/options/caption_options.hpp"
#include "dataset/sample.hpp"

namespace blip::cli {

class Captioner {
 public:
  /// Loads the model. Throws blip::Error.
  explicit Captioner(const CaptionOptions& options);

  /// Decodes and resizes one picture. Safe to call from many threads at once. Throws blip::Error.
  [[nodiscard]] BlipInputs prepare(const std::filesystem::path& picture) const;

  [[nodiscard]] BlipInputs prepare(const dataset::EncodedPicture& picture) const;

  /// The captions of each image, none of which may have failed to load. Throws blip::Error.
  std::vector<std::vector<std::string>> caption(Images images);

  /// The prompt as captions begin with it: an uncased tokenizer makes "A photo" "a photo".
  [[nodiscard]] std::string decoded_prompt() const;

  [[nodiscard]] int num_threads() const noexcept { return context_.num_threads(); }

 private:
  Captioner(const CaptionOptions& options, const std::filesystem::path& model);
  void caption_run(Images images, std::vector<std::vector<std::string>>& captions);

  std::string prompt_;
  GenerationChoices generation_;
  PictureReader reader_;
  BlipForConditionalGeneration model_;
  Context context_;
};

}  // namespace blip::cli
