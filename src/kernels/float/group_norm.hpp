// torch.nn.GroupNorm over images with the channels last.
#pragma once

#include <cstdint>

#include "blip/context.hpp"

namespace blip {

/// weight, bias: [C]; C is a multiple of `groups`.
struct GroupNorm {
  const float* weight = nullptr;
  const float* bias = nullptr;
  std::int64_t channels = 0;
  std::int64_t groups = 1;
  float epsilon = 0.0F;
};

enum class AfterNorm {
  nothing,
  silu,  ///< y · sigmoid(y), "swish"
};

/// x: [B, pixels, C] → out: [B, pixels, C] (may be x). Each group of an image has the mean and the
/// biased variance of all its pixels, summed in double precision and in an order that depends on
/// `pixels` alone.
void group_norm(const float* x, const GroupNorm& norm, std::int64_t batch, std::int64_t pixels,
                AfterNorm after, float* out, Context& context);

}  // namespace blip
