// One vector of weights as float32, whatever format they are stored in. Included once per
// instruction set by the kernels that read weights (Highway's foreach_target pattern).
#if defined(BLIP_KERNELS_LOAD_WEIGHTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLIP_KERNELS_LOAD_WEIGHTS_INL_H_
#undef BLIP_KERNELS_LOAD_WEIGHTS_INL_H_
#else
#define BLIP_KERNELS_LOAD_WEIGHTS_INL_H_
#endif

#include <cstdint>
#include <cstring>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The stored types. The 16-bit ones are distinct so that overloads can tell them apart.
struct Float16 {
  std::uint16_t bits;
};
struct BFloat16 {
  std::uint16_t bits;
};

template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const float* p) {
  return hn::LoadU(d, p);
}

template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const Float16* p) {
  const hn::Rebind<std::uint16_t, D> d16;
  const hn::Rebind<hwy::float16_t, D> df16;
  const auto bits = hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(p));
  return hn::PromoteTo(d, hn::BitCast(df16, bits));
}

// A bfloat16 is the upper half of a float32.
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const BFloat16* p) {
  const hn::Rebind<std::uint16_t, D> d16;
  const hn::Rebind<std::uint32_t, D> d32;
  const auto bits = hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(p));
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(d32, bits)));
}

// The stored value: the row's scale is the caller's to apply, once for a whole dot product.
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const std::int8_t* p) {
  const hn::Rebind<std::int8_t, D> d8;
  const hn::RebindToSigned<D> d32;
  return hn::ConvertTo(d, hn::PromoteTo(d32, hn::LoadU(d8, p)));
}

// A single weight: the tails that do not fill a vector.
template <typename T>
HWY_INLINE float load_weight(const T* p) {
  const hn::CappedTag<float, 1> d1;
  return hn::GetLane(load_weights(d1, p));
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
