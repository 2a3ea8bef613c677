// The names that dalle-mini's and vqgan-jax's Flax files give their tensors, in min-dalle's.
#pragma once

#include "checkpoint/original_names.hpp"

namespace blip {

extern const OriginalNames kDalleFlaxNames;

}  // namespace blip
