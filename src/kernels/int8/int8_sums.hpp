// Int8Sums: integer sums of a block of channels on their way to float32.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/linear.hpp"

namespace blip {

/// Rows × panels of sums with what they are multiplied by and where they go.
struct Int8Sums {
  const std::int32_t* sums = nullptr;  // [panels, rows, 16]
  std::size_t panels = 0;
  std::size_t rows = 0;
  const float* steps = nullptr;    // [panels] of [16], `scale_step` floats apart: the inputs'
  const float* offsets = nullptr;  // the same
  std::size_t scale_step = 0;
  const float* row_sums = nullptr;  // [rows], of the weights of this block of channels
  const float* scales = nullptr;    // [rows], of the weights
  const float* bias = nullptr;      // [rows], or null
  float* out = nullptr;             // [panels] of [rows, 16], `out_step` floats apart
  std::size_t out_step = 0;
  const float* residual = nullptr;  // laid out as `out`
  bool first_block = true;          // otherwise the result goes on from `out`
  bool last_block = true;           // the scales and the epilogue follow
  Epilogue epilogue = Epilogue::bias;
};

}  // namespace blip
