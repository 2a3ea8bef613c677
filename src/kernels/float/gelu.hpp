// The three GELUs of the models, in place.
#pragma once

#include <cstddef>

namespace blip {

// x: [count], bias: [count] or null → x = f(x + bias)

/// The exact one: 0.5 x (1 + erf(x / sqrt 2)), transformers' "gelu".
void add_bias_gelu(float* x, const float* bias, std::size_t count);
/// x · sigmoid(1.702 x), transformers' "quick_gelu".
void add_bias_quick_gelu(float* x, const float* bias, std::size_t count);
/// 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x³))), transformers' "gelu_pytorch_tanh".
void add_bias_tanh_gelu(float* x, const float* bias, std::size_t count);

}  // namespace blip
