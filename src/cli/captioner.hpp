// Captioner: a loaded model and how it is to be used; pictures in, captions out.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "blip/conditional_generation.hpp"
#include "blip/processor.hpp"
#include "cli/caption_options.hpp"
#include "cli/image_loader.hpp"

namespace blip::cli {

class Captioner {
 public:
  /// Loads the model. Throws blip::Error.
  explicit Captioner(const CaptionOptions& options);

  /// Decodes and resizes one picture. Safe to call from many threads at once. Throws blip::Error.
  [[nodiscard]] BlipInputs prepare(const std::filesystem::path& path) const;

  /// The captions of each image, none of which may have failed to load. Throws blip::Error.
  std::vector<std::vector<std::string>> caption(std::span<const LoadedImage* const> images);

  [[nodiscard]] int num_threads() const noexcept { return context_.num_threads(); }

 private:
  std::vector<std::vector<std::string>> caption_together(
      std::span<const LoadedImage* const> images);

  ImageOptions image_options_;
  std::string prompt_;
  GenerationOptions generation_;
  BlipProcessor processor_;
  BlipForConditionalGeneration model_;
  Context context_;
};

}  // namespace blip::cli
