// SplitSums: float32 sums of a slab of channels on their way to a layer's result.
#pragma once

#include <cstddef>

#include "kernels/linear.hpp"

namespace blip {

struct SplitSums {
  const float* sums = nullptr;  // [panels] of [rows, 16], `sum_step` floats apart
  std::size_t sum_step = 0;
  std::size_t panels = 0;
  std::size_t rows = 0;
  float* out = nullptr;  // [panels] of [rows, 16], `out_step` floats apart
  std::size_t out_step = 0;
  const float* bias = nullptr;      // [rows], or null
  const float* residual = nullptr;  // laid out as `out`
  bool first_slab = true;           // otherwise the result goes on from `out`
  bool last_slab = true;            // the epilogue follows
  Epilogue epilogue = Epilogue::bias;
};

}  // namespace blip
