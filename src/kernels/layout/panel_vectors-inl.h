// The vectors that a row of a token panel consists of. Included once per instruction set by the
// kernels that compute on panels (Highway's foreach_target pattern).
#if defined(BLIP_KERNELS_PANEL_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLIP_KERNELS_PANEL_VECTORS_INL_H_
#undef BLIP_KERNELS_PANEL_VECTORS_INL_H_
#else
#define BLIP_KERNELS_PANEL_VECTORS_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"
#include "kernels/layout/panels.hpp"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using PanelTag = hn::CappedTag<float, static_cast<std::size_t>(kPanelTokens)>;
using PanelVector = hn::Vec<PanelTag>;

constexpr std::size_t kTokens = static_cast<std::size_t>(kPanelTokens);
constexpr std::size_t kLanes = hn::MaxLanes(PanelTag());
constexpr std::size_t kVectors = kTokens / kLanes;  // that make a panel

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
