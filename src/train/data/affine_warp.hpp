// Shears, shifts and turns of a picture.
#pragma once

#include <array>

#include "blip/image.hpp"

namespace blip::train {

/// Takes the pixel at (x, y) to (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]).
using AffineMatrix = std::array<double, 6>;

AffineMatrix shear_x(double factor);
AffineMatrix shear_y(double factor);
AffineMatrix shift(double x, double y);
/// Counter-clockwise about (width / 2, height / 2), as cv2.getRotationMatrix2D.
AffineMatrix rotation(int width, int height, double degrees);

/// What comes from outside of the picture is this grey, in salesforce/BLIP's RandAugment as well.
inline constexpr int kWarpBorder = 128;

/// The picture moved by a matrix (not singular), bilinear, of the same size. cv2.warpAffine with
/// INTER_LINEAR, but for its rounding of positions to a 32nd of a pixel.
Image warped(const Image& picture, const AffineMatrix& matrix);

}  // namespace blip::train
