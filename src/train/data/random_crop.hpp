// RandomResizedCrop: a random part of a picture, brought to the size the model reads.
#pragma once

#include "blip/image.hpp"
#include "train/data/sample_random.hpp"

namespace blip::train {

/// Pixels, of which the first is (left, top).
struct CropBox {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
  bool operator==(const CropBox&) const = default;
};

/// As torchvision's RandomResizedCrop draws it: an area between `min_area` of the picture and all
/// of it, a shape between 3:4 and 4:3 (uniform in its logarithm), any place; after ten boxes that
/// do not fit, the largest in the middle whose shape is allowed. min_area: 0.2 in pre-training, 0.5
/// after.
CropBox random_crop_box(int width, int height, double min_area, SampleRandom& random);

/// That part alone. The box must lie within the picture.
Image cropped(const Image& picture, const CropBox& box);

/// The part resized to size × size by Pillow's bicubic filter, bit for bit what
/// `picture.crop(box).resize((size, size), BICUBIC)` gives.
Image resized_crop(const Image& picture, const CropBox& box, int size);

}  // namespace blip::train
