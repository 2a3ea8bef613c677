#include "train/data/augmentation.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "train/data/image_operations.hpp"

namespace blip::train {
namespace {

constexpr int kDrawnOperations = 2;
// Level 5 of at most 10: half of what each operation can do at most (0.3, 10 pixels, 30 degrees).
constexpr double kShear = 0.15;
constexpr double kShift = 5.0;
constexpr double kDegrees = 15.0;

double amount_of(Operation operation) {
  switch (operation) {
    case Operation::shear_x:
    case Operation::shear_y:
      return kShear;
    case Operation::translate_x:
    case Operation::translate_y:
      return kShift;
    case Operation::rotate:
      return kDegrees;
    default:
      return 0.0;
  }
}

}  // namespace

Augmentation draw_augmentation(int width, int height, double min_area, SampleRandom& random) {
  Augmentation drawn;
  drawn.crop = random_crop_box(width, height, min_area, random);
  drawn.is_mirrored = random.coin();
  for (int i = 0; i < kDrawnOperations; ++i) {
    const auto operation = static_cast<Operation>(random.below(kOperations));
    const bool is_applied = random.coin();
    const bool is_negative = random.coin();
    if (!is_applied) continue;
    const double amount = amount_of(operation);
    drawn.operations.push_back({operation, is_negative ? -amount : amount});
  }
  return drawn;
}

Image mirrored(const Image& picture) {
  constexpr std::size_t kChannels = 3;
  const auto width = static_cast<std::size_t>(picture.width());
  const auto pixels = picture.pixels();
  std::vector<std::uint8_t> result(pixels.size());
  for (std::size_t row = 0; row < pixels.size(); row += width * kChannels) {
    for (std::size_t x = 0; x < width; ++x) {
      for (std::size_t c = 0; c < kChannels; ++c) {
        result[row + (width - 1 - x) * kChannels + c] = pixels[row + x * kChannels + c];
      }
    }
  }
  return {picture.width(), picture.height(), std::move(result)};
}

Image applied(const Image& picture, const AppliedOperation& operation) {
  switch (operation.operation) {
    case Operation::auto_contrast:
      return with_auto_contrast(picture);
    case Operation::equalize:
      return equalized(picture);
    case Operation::shear_x:
      return warped(picture, shear_x(operation.amount));
    case Operation::shear_y:
      return warped(picture, shear_y(operation.amount));
    case Operation::translate_x:
      return warped(picture, shift(operation.amount, 0));
    case Operation::translate_y:
      return warped(picture, shift(0, operation.amount));
    case Operation::rotate:
      return warped(picture, rotation(picture.width(), picture.height(), operation.amount));
    case Operation::identity:
    case Operation::brightness:
    case Operation::sharpness:
      break;
  }
  return picture;
}

Image augmented(const Image& picture, const Augmentation& augmentation, int size) {
  Image result = resized_crop(picture, augmentation.crop, size);
  if (augmentation.is_mirrored) result = mirrored(result);
  for (const AppliedOperation& operation : augmentation.operations) {
    result = applied(result, operation);
  }
  return result;
}

}  // namespace blip::train
