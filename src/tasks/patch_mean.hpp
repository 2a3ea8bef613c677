// The mean of an image's patches, which some classifiers read.
#pragma once

#include <cstdint>
#include <vector>

namespace blip {

/// state: [N, E], the first `leading` tokens before the patches → E more values in `out`
void append_patch_mean(const float* state, std::int64_t tokens, std::int64_t leading,
                       std::int64_t width, std::vector<float>& out);

}  // namespace blip
