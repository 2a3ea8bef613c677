// Instructions for int8 products that Highway has no name for: AVX-512 VNNI and AMX.
#pragma once

#include "kernels/int8_multiply.hpp"

namespace blip {

/// What the processor and the system offer beyond Highway's target.
enum class Int8Instructions { portable, avx512_vnni, amx };

/// The best of this machine. Asks Linux for the use of AMX's tiles, which a process must.
[[nodiscard]] Int8Instructions best_int8_instructions();

/// Only where best_int8_instructions() says so.
void int8_multiply_vnni(const Int8Product& product);
/// The same; `channels` is a multiple of 64.
void int8_multiply_amx(const Int8Product& product);

}  // namespace blip
