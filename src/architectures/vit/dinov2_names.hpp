// Names of tensors in Facebook's own DINOv2 checkpoints, as timm has them.
#pragma once

#include "checkpoint/original_names.hpp"

namespace blip {

/// Of most tensors they are timm's. Blocks may be nested in chunks ("blocks.0.3."), registers and
/// the SwiGLU are called otherwise, and the token that masks patches in training is left out.
extern const OriginalNames kDinov2OriginalNames;

}  // namespace blip
