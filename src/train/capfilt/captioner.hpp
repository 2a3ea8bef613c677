// Captioner: the model that writes a new text for every image of the web.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "blip/conditional_generation.hpp"
#include "blip/image.hpp"
#include "blip/processor.hpp"

namespace blip::train {

struct CaptionerOptions {
  std::filesystem::path model;
  WeightType weight_type = WeightType::stored;
  std::string prompt;
  GenerationOptions generation;
};

class Captioner {
 public:
  /// Throws blip::Error.
  explicit Captioner(const CaptionerOptions& options);

  /// [1, 3, H, W]. Safe to call from many threads at once.
  [[nodiscard]] Tensor prepare(const Image& image) const;
  /// One text each, without the prompt, of images at consecutive places from `first` on; a text
  /// drawn at random depends on the seed and the image's place. pixels: n of [1, 3, H, W] → n
  [[nodiscard]] std::vector<std::string> caption(std::span<const Tensor* const> pixels,
                                                 std::uint64_t first, Context& context) const;

 private:
  BlipProcessor processor_;
  BlipForConditionalGeneration model_;
  GenerationOptions generation_;
  std::vector<TokenId> prompt_;  // [CLS] … [SEP]; empty if there is none
  std::string decoded_prompt_;
};

}  // namespace blip::train
