// TextFilter: the model that says which texts fit their image.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/images/image_batch.hpp"
#include "blip/image.hpp"
#include "blip/image_text_retrieval.hpp"
#include "blip/processor.hpp"

namespace blip::train {

struct TextFilterOptions {
  std::filesystem::path model;
  WeightType weight_type = WeightType::stored;
};

class TextFilter {
 public:
  /// Throws blip::Error.
  explicit TextFilter(const TextFilterOptions& options);

  /// [1, 3, H, W]. Safe to call from many threads at once.
  [[nodiscard]] Tensor prepare(const Image& image) const;

  [[nodiscard]] std::vector<EncodedImage> encode(app::Images images, Context& context) const;
  /// The probability of a match (softmax over the two classes) of each text with the image, to six
  /// decimals; nothing of a text without words. Texts are prepared as those of retrieval: [ENC]
  /// first, 30 words at most.
  [[nodiscard]] std::vector<std::optional<double>> score(const EncodedImage& image,
                                                         std::span<const std::string> texts,
                                                         Context& context) const;

 private:
  BlipProcessor processor_;
  BlipForImageTextRetrieval model_;
};

}  // namespace blip::train
