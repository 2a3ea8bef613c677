// The tensors of a DALL-E: min-dalle's names, behind the name of the part ("encoder.").
#pragma once

#include <vector>

#include "architectures/expected_tensors.hpp"
#include "blip/dalle.hpp"

namespace blip {

std::vector<ExpectedTensor> dalle_tensors(const DalleConfig& config);

}  // namespace blip
