// PanelProduct: the part of a product over token panels that one call of a kernel computes.
#pragma once

#include <cstddef>

#include "kernels/linear.hpp"

namespace blip {

/// A block of panels × a range of outputs × a slab of channels.
struct PanelProduct {
  const float* x = nullptr;  // the block's first panel, at the slab
  std::size_t x_step = 0;    // floats from panel to panel
  std::size_t panels = 0;
  const float* weights = nullptr;  // [outputs] rows at the slab, `weight_step` floats apart
  std::size_t weight_step = 0;
  std::size_t outputs = 0;
  std::size_t channels = 0;  // of the slab
  float* out = nullptr;      // the block's first panel, at the first output
  std::size_t out_step = 0;
  const float* bias = nullptr;      // of the first output, or null
  const float* residual = nullptr;  // laid out as `out`
  bool first_slab = true;           // the sums begin here; otherwise they go on from `out`
  bool last_slab = true;            // the epilogue follows
  Epilogue epilogue = Epilogue::bias;
};

}  // namespace blip
