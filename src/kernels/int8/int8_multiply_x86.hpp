// int8_multiply() with instructions that Highway has no name for.
#pragma once

#include "kernels/int8/int8_multiply.hpp"

namespace blip {

/// Only where best_x86_extension() is at least avx512_vnni.
void int8_multiply_vnni(const Int8Product& product);
/// Only where best_x86_extension() is amx; `channels` is a multiple of 64.
void int8_multiply_amx(const Int8Product& product);

}  // namespace blip
