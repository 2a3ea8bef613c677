// Asking for weights before they are needed.
#pragma once

namespace blip {

/// Asks for the cache line at `place`, which need not be there, into the second-level cache. Into
/// the first, a core has too few requests under way at a time to read as fast as the memory can
/// (bench_speed_floor --int8: a decode step reads 21 instead of 15 GB/s on two Zen 4 cores).
///
/// Always inlined: GCC takes a function of nothing but a prefetch for one without an effect, and
/// leaves out its calls.
[[gnu::always_inline]] inline void prefetch_to_second_level(const void* place) {
  constexpr int kRead = 0;
  constexpr int kSecondLevel = 2;
  __builtin_prefetch(place, kRead, kSecondLevel);
}

}  // namespace blip
