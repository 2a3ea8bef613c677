// EncodedPicture: what a model has made of a picture, once for all that is asked about it.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <variant>

#include "blip/encoded_image.hpp"
#include "blip/tensor.hpp"

namespace blip::serve {

/// What a model can make of a picture: a classifier has no use for a vision encoder's states.
enum class Encoding { image, logits };

struct EncodedPicture {
  std::variant<EncodedImage, Tensor> value;  ///< by Encoding; logits: [1, labels]
  int width = 0;                             ///< of the picture as it was read, upright
  int height = 0;

  [[nodiscard]] const EncodedImage& image() const { return std::get<EncodedImage>(value); }
  [[nodiscard]] const Tensor& logits() const { return std::get<Tensor>(value); }
};

struct PictureKey {
  std::size_t model = 0;
  Encoding encoding = Encoding::image;
  std::string hash;  ///< SHA-256 of the file's bytes
  auto operator<=>(const PictureKey&) const = default;
};

}  // namespace blip::serve
