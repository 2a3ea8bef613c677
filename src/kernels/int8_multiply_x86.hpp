// Instructions for int8 products that Highway has no name for: AVX-512 VNNI and AMX.
#pragma once

#include "kernels/int8_multiply.hpp"

namespace blip {

/// What the processor and the system offer beyond Highway's target.
enum class Int8Instructions { portable, avx512_vnni, amx };

/// The best of this machine. Asks Linux for the use of AMX's tiles, which a process must.
[[nodiscard]] Int8Instructions best_int8_instructions();

/// From now on nothing better than `most` is used, in the whole process: to compare the paths, and
/// to test each.
void limit_int8_instructions(Int8Instructions most);

/// Only where best_int8_instructions() says so.
void int8_multiply_vnni(const Int8Product& product);
/// The same; `channels` is a multiple of 64.
void int8_multiply_amx(const Int8Product& product);

}  // namespace blip
