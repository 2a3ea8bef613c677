// NormalizationTable: what becomes of each of the 256 values of a pixel.
#pragma once

#include <array>
#include <cstddef>

#include "blip/config.hpp"
#include "blip/image_processor_config.hpp"

namespace blip::image {

/// Rescaling and normalisation, as a processor's configuration has them.
struct Normalization {
  bool do_rescale = true;
  double rescale_factor = 1.0 / 255.0;
  bool do_normalize = true;
  std::array<float, 3> mean{};
  std::array<float, 3> std{};
  ImageBackend backend = ImageBackend::pillow;
};
Normalization normalization_of(const BlipImageProcessorConfig& config);
Normalization normalization_of(const ImageProcessorConfig& config);

using NormalizationTable = std::array<float, 256>;

/// The float of each byte of one channel, in the reference's order of operations and types.
NormalizationTable normalization_table(const Normalization& normalization, std::size_t channel);

}  // namespace blip::image
