// The two numbers of a checkpoint that make logits of cosines.
#pragma once

#include <string>

#include "model/weight_loader.hpp"

namespace blip {

/// logit_scale, a logarithm, as it was read of tensor `name`. Throws malformed, naming the tensor,
/// unless it is finite and cosines times its exponential are.
float checked_logit_scale(const WeightLoader& loader, const std::string& name, float value);

/// logit_bias, which is added. Throws malformed, naming the tensor, unless it is finite.
float checked_logit_bias(const WeightLoader& loader, const std::string& name, float value);

}  // namespace blip
