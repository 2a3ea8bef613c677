// A description's activation as what follows a matrix product.
#pragma once

#include "architectures/activation.hpp"
#include "kernels/linear.hpp"

namespace blip {

constexpr Epilogue epilogue_of(Activation activation) {
  switch (activation) {
    case Activation::quick_gelu:
      return Epilogue::bias_quick_gelu;
    case Activation::tanh_gelu:
      return Epilogue::bias_tanh_gelu;
    case Activation::gelu:
      break;
  }
  return Epilogue::bias_gelu;
}

}  // namespace blip
