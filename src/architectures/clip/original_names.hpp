// The names of tensors in the checkpoints of OpenAI's CLIP and of open_clip, and transformers' for
// them.
#pragma once

#include "checkpoint/original_names.hpp"

namespace blip {

/// "visual.transformer.resblocks.0.ln_1.weight" →
/// "vision_model.encoder.layers.0.layer_norm1.weight". The three stacked in "attn.in_proj_weight"
/// are cut apart, both projections, which lie [width, projection], transposed. A training
/// checkpoint's "module." and a custom text tower's "text." go away.
extern const OriginalNames kClipOriginalNames;

}  // namespace blip
