// What RandAugment does to a picture: changes of tone, shears, shifts and turns.
#pragma once

#include <array>

#include "blip/image.hpp"

namespace blip::train {

/// Stretches each channel to 0 … 255; a channel of one value stays. Pillow's ImageOps.autocontrast,
/// bit for bit. (salesforce/BLIP means the same, but negates the smallest value as an unsigned
/// byte, so that a channel without a 0 turns all white there. That is not followed.)
Image with_auto_contrast(const Image& picture);

/// Makes each channel's histogram flat. Pillow's ImageOps.equalize, bit for bit.
Image equalized(const Image& picture);

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
