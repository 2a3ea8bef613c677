// The exact (erf) GELU: 0.5 x (1 + erf(x / sqrt 2)), transformers' "gelu".
#pragma once

#include <cstddef>

namespace blip {

/// x: [count], bias: [count] or null → x = gelu(x + bias), in place
void add_bias_gelu(float* x, const float* bias, std::size_t count);

}  // namespace blip
