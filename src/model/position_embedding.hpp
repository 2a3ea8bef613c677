// Position embeddings for an image size the model was not trained at.
#pragma once

#include <cstdint>

#include "architectures/vision_transformer.hpp"

namespace blip {

/// embedding: [kept + grid², E] → out: [kept + height · width, E]. The first `kept` rows, those of
/// the class token and its like, stay as they are; the others are resampled as
/// torch.nn.functional.interpolate(mode="bicubic", align_corners=False): Keys' cubic with a = -0.75
/// and four taps, clamped at the border; or with antialias=True: a = -0.5, as many taps as a shrunk
/// grid asks for, weights that add up to 1 at the border.
void interpolate_position_embedding(const float* embedding, std::int64_t grid, std::int64_t hidden,
                                    std::int64_t height, std::int64_t width, float* out,
                                    std::int64_t kept = 1,
                                    PositionResampling resampling = PositionResampling::bicubic);

}  // namespace blip
