// Position embeddings for an image size the model was not trained at.
#pragma once

#include <cstdint>

namespace blip {

/// embedding: [1 + grid², E] → out: [1 + height · width, E]. The class token's row is kept; the
/// others are resampled as torch.nn.functional.interpolate(mode="bicubic", align_corners=False):
/// Keys' cubic with a = -0.75, four taps, clamped at the border, no antialiasing.
void interpolate_position_embedding(const float* embedding, std::int64_t grid, std::int64_t hidden,
                                    std::int64_t height, std::int64_t width, float* out);

}  // namespace blip
