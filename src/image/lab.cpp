#include "image/lab.hpp"

#include <lcms2.h>

#include <algorithm>
#include <new>

namespace blip::image {
namespace {

struct CloseProfile {
  void operator()(void* profile) const { cmsCloseProfile(profile); }
};
using ProfilePtr = std::unique_ptr<void, CloseProfile>;

// Both sides have a fourth byte that is no colour, as in Pillow: Little CMS chooses its arithmetic
// by the formats.
constexpr std::size_t kLabPixelBytes = 4;
constexpr cmsUInt32Number kLabFormat =
    COLORSPACE_SH(PT_LabV2) | CHANNELS_SH(3) | BYTES_SH(1) | EXTRA_SH(1);

}  // namespace

void LabToRgb::DeleteTransform::operator()(void* transform) const {
  cmsDeleteTransform(transform);
}

LabToRgb::LabToRgb() {
  const ProfilePtr lab(cmsCreateLab2Profile(nullptr));
  const ProfilePtr srgb(cmsCreate_sRGBProfile());
  if (lab && srgb) {
    transform_.reset(
        cmsCreateTransform(lab.get(), kLabFormat, srgb.get(), TYPE_RGBA_8, INTENT_PERCEPTUAL, 0));
  }
  if (!transform_) throw std::bad_alloc();
}

void LabToRgb::convert(const std::uint8_t* lab, std::size_t width, std::uint8_t* rgb) {
  constexpr std::uint8_t kSign = 0x80;
  source_.resize(kLabPixelBytes * width);
  target_.resize(kLabPixelBytes * width);
  for (std::size_t x = 0; x < width; ++x) {
    source_[kLabPixelBytes * x] = lab[3 * x];
    source_[kLabPixelBytes * x + 1] = lab[3 * x + 1] ^ kSign;
    source_[kLabPixelBytes * x + 2] = lab[3 * x + 2] ^ kSign;
  }
  cmsDoTransform(transform_.get(), source_.data(), target_.data(),
                 static_cast<cmsUInt32Number>(width));
  for (std::size_t x = 0; x < width; ++x) {
    std::copy_n(target_.begin() + static_cast<std::ptrdiff_t>(kLabPixelBytes * x), 3, rgb + 3 * x);
  }
}

}  // namespace blip::image
