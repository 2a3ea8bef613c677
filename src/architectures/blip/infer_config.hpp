// infer_config: what config.json would say, told from the tensors of a checkpoint that has none.
#pragma once

#include "blip/config.hpp"
#include "checkpoint/checkpoint.hpp"

namespace blip {

/// Architecture, widths, depths, vocabulary and image size as the tensors' names and shapes have
/// them; 64 numbers to a head, as in every BLIP that was published. Throws unsupported if the
/// tensors are no BLIP's, malformed if their shapes contradict each other.
BlipConfig infer_config(const Checkpoint& checkpoint);

}  // namespace blip
