// Panels of integers. Included once per instruction set by the kernels that make or read them
// (Highway's foreach_target pattern).
#if defined(BLIP_KERNELS_PANEL_INTEGERS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLIP_KERNELS_PANEL_INTEGERS_INL_H_
#undef BLIP_KERNELS_PANEL_INTEGERS_INL_H_
#else
#define BLIP_KERNELS_PANEL_INTEGERS_INL_H_
#endif

#include "hwy/highway.h"
#include "kernels/layout/panel_vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using PanelIntTag = hn::RebindToSigned<PanelTag>;

// Four channels' integers in [0, 255] as the bytes of one.
HWY_INLINE hn::Vec<PanelIntTag> pack_bytes(hn::Vec<PanelIntTag> first, hn::Vec<PanelIntTag> second,
                                           hn::Vec<PanelIntTag> third,
                                           hn::Vec<PanelIntTag> fourth) {
  return hn::Or(hn::Or(first, hn::ShiftLeft<8>(second)),
                hn::Or(hn::ShiftLeft<16>(third), hn::ShiftLeft<24>(fourth)));
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
