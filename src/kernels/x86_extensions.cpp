#include "kernels/x86_extensions.hpp"

#include <algorithm>
#include <atomic>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/x86_extensions.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

bool is_avx512() {
  return HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3;
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace blip {
namespace {

HWY_EXPORT(is_avx512);

#if defined(__x86_64__)

// Bits of CPUID leaf 7 and of XCR0, from Intel's manual (volume 2, CPUID; volume 1, 13.1).
constexpr unsigned kAmxBits = 1U << 22 | 1U << 24 | 1U << 25;  // bfloat16, tiles, int8
constexpr unsigned kTileStateBits = 3U << 17;

[[gnu::target("xsave")]] bool system_saves_tiles() {
  return (_xgetbv(0) & kTileStateBits) == kTileStateBits;
}

bool can_use_amx() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kAmxBits) != kAmxBits) return false;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_OSXSAVE) == 0 || !system_saves_tiles()) {
    return false;
  }
  // Linux gives a process the tiles' state on request (Documentation/arch/x86/xstate.rst).
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

X86Extension offered_extension() {
  if (__builtin_cpu_supports("avx512vnni") == 0 || __builtin_cpu_supports("avx512bw") == 0 ||
      __builtin_cpu_supports("avx512vl") == 0) {
    return X86Extension::none;
  }
  return can_use_amx() ? X86Extension::amx : X86Extension::avx512_vnni;
}

#else

X86Extension offered_extension() {
  return X86Extension::none;
}

#endif

std::atomic<X86Extension>& limit() {
  static std::atomic<X86Extension> most = X86Extension::amx;
  return most;
}

}  // namespace

X86Extension best_x86_extension() {
  static const X86Extension kOffered = offered_extension();
  // A test or a switch may keep the kernels from AVX-512, and means what extends it, too.
  if (!HWY_DYNAMIC_DISPATCH(is_avx512)()) return X86Extension::none;
  return std::min(kOffered, limit().load(std::memory_order_relaxed));
}

void limit_x86_extension(X86Extension most) {
  limit().store(most, std::memory_order_relaxed);
}

}  // namespace blip
#endif  // HWY_ONCE
