// What training does to a picture before the model sees it: crop, mirror, RandAugment.
#pragma once

#include <vector>

#include "blip/image.hpp"
#include "train/data/random_crop.hpp"
#include "train/data/sample_random.hpp"

namespace blip::train {

/// RandAugment's operations as salesforce/BLIP lists them (transform/randaugment.py).
enum class Operation {
  identity,
  auto_contrast,
  brightness,  ///< by the factor 1 at BLIP's level 5 of 10: nothing
  sharpness,   ///< likewise
  equalize,
  shear_x,
  shear_y,
  translate_x,
  translate_y,
  rotate,
};
inline constexpr int kOperations = 10;

struct AppliedOperation {
  Operation operation = Operation::identity;
  /// Of shears the factor, of shifts pixels, of turns degrees; with its sign.
  double amount = 0.0;
  bool operator==(const AppliedOperation&) const = default;
};

/// All that chance decides about one picture.
struct Augmentation {
  CropBox crop;
  bool is_mirrored = false;
  std::vector<AppliedOperation> operations;  ///< in this order
};

/// For a picture of this size. A crop of at least `min_area`; mirrored half of the time; two
/// operations, each uniform among the ten and left out half of the time, at level 5: shears of
/// 0.15, shifts of 5 pixels, turns of 15 degrees, either way.
Augmentation draw_augmentation(int width, int height, double min_area, SampleRandom& random);

Image mirrored(const Image& picture);
Image applied(const Image& picture, const AppliedOperation& operation);

/// → size × size
Image augmented(const Image& picture, const Augmentation& augmentation, int size);

}  // namespace blip::train
