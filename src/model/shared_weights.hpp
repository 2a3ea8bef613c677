// SharedWeights: what models have in common that are loaded together.
#pragma once

#include "kernels/float/convolution.hpp"

namespace blip {

class SharedWeights {
 public:
  ConvolutionPool convolutions;
};

}  // namespace blip
