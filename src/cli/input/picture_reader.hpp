// PictureReader: pictures as they are named on the command line, made what a model takes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "blip/image.hpp"
#include "blip/processor.hpp"
#include "cli/options/run_options.hpp"

namespace blip::cli {

/// Immutable after construction: safe to call from many threads at once.
class PictureReader {
 public:
  /// Of the model in `model`; `image_size` instead of the size that it was made for. Throws
  /// blip::Error.
  PictureReader(const std::filesystem::path& model, std::optional<int> image_size,
                const PictureChoices& choices);

  /// Decodes and resizes one picture. Throws blip::Error.
  [[nodiscard]] BlipInputs operator()(const std::filesystem::path& picture) const;
  [[nodiscard]] BlipInputs operator()(const std::filesystem::path& picture,
                                      const std::string& text) const;

  /// The same of a picture's file in memory; `name` stands for it in messages.
  [[nodiscard]] BlipInputs decode(std::span<const std::byte> bytes, const std::string& name) const;
  [[nodiscard]] BlipInputs decode(std::span<const std::byte> bytes, const std::string& name,
                                  const std::string& text) const;

  [[nodiscard]] const BlipProcessor& processor() const noexcept { return processor_; }

 private:
  [[nodiscard]] Image open(const std::filesystem::path& picture) const;

  ImageOptions image_options_;
  BlipProcessor processor_;
};

}  // namespace blip::cli
