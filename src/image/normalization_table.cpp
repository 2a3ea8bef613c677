#include "image/normalization_table.hpp"

namespace blip::image {
namespace {

// transformers' PilBackend: the product in double, rounded to float; mean and deviation in float.
float pillow_value(std::size_t byte, const Normalization& normalization, std::size_t channel) {
  auto x = static_cast<float>(byte);
  if (normalization.do_rescale) {
    x = static_cast<float>(static_cast<double>(byte) * normalization.rescale_factor);
  }
  if (!normalization.do_normalize) return x;
  return (x - normalization.mean[channel]) / normalization.std[channel];
}

// TorchvisionBackend: all in float. Where both are wanted, mean and deviation are scaled and the
// pixels are not.
float torchvision_value(std::size_t byte, const Normalization& normalization, std::size_t channel) {
  const auto x = static_cast<float>(byte);
  const auto factor = static_cast<float>(normalization.rescale_factor);
  if (!normalization.do_normalize) return normalization.do_rescale ? x * factor : x;
  float mean = normalization.mean[channel];
  float std = normalization.std[channel];
  if (normalization.do_rescale) {
    const auto inverse = static_cast<float>(1.0 / normalization.rescale_factor);
    mean *= inverse;
    std *= inverse;
  }
  return (x - mean) / std;
}

}  // namespace

Normalization normalization_of(const BlipImageProcessorConfig& config) {
  return {.do_rescale = config.do_rescale,
          .rescale_factor = config.rescale_factor,
          .do_normalize = config.do_normalize,
          .mean = config.image_mean,
          .std = config.image_std};
}

Normalization normalization_of(const ImageProcessorConfig& config) {
  return {.do_rescale = config.do_rescale,
          .rescale_factor = config.rescale_factor,
          .do_normalize = config.do_normalize,
          .mean = config.image_mean,
          .std = config.image_std,
          .backend = config.backend};
}

NormalizationTable normalization_table(const Normalization& normalization, std::size_t channel) {
  NormalizationTable table;
  for (std::size_t byte = 0; byte < table.size(); ++byte) {
    table[byte] = normalization.backend == ImageBackend::pillow
                      ? pillow_value(byte, normalization, channel)
                      : torchvision_value(byte, normalization, channel);
  }
  return table;
}

}  // namespace blip::image
