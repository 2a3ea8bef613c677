// The configuration of a DALL-E checkpoint that comes without one, told from its tensors.
#pragma once

#include "blip/dalle.hpp"
#include "checkpoint/checkpoint.hpp"

namespace blip {

/// Whether the tensors are those of a DALL-E mini or mega, by the names that files of any kind have
/// here (tensors.hpp).
bool is_dalle(const Checkpoint& checkpoint);

/// Widths, depths and vocabularies as the tensors have them. Heads are 64 wide; a picture has five
/// levels, or as many as the tensors, and attention at the coarsest. Throws unsupported or
/// malformed, naming the tensor.
DalleConfig infer_dalle_config(const Checkpoint& checkpoint);

}  // namespace blip
