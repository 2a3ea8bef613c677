// What chance decides: that it is what the paper's code decides, and the same every time.
#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <set>

#include "train/data/augmentation.hpp"
#include "train/data/random_crop.hpp"
#include "train/data/sample_random.hpp"

namespace blip::train {
namespace {

TEST(SampleRandom, DependsOnSeedEpochAndSampleAlone) {
  const auto third = [](std::uint64_t seed, std::uint32_t epoch, std::uint64_t sample) {
    SampleRandom random(seed, epoch, sample);
    random.uniform();
    random.uniform();
    return random.uniform();
  };
  EXPECT_EQ(third(1, 2, 3), third(1, 2, 3));
  const std::set<double> different = {third(1, 2, 3),
                                      third(2, 2, 3),
                                      third(1, 3, 3),
                                      third(1, 2, 4),
                                      third(1, 2, std::uint64_t{3} << 32U),
                                      third(std::uint64_t{1} << 32U, 2, 3)};
  EXPECT_EQ(different.size(), 6U);
}

TEST(SampleRandom, IsUniform) {
  SampleRandom random(7, 0, 0);
  std::map<std::uint32_t, int> counts;
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    ++counts[random.below(5)];
    const double value = random.uniform(-1, 3);
    EXPECT_GT(value, -1);
    EXPECT_LT(value, 3);
    sum += value;
  }
  EXPECT_EQ(counts.size(), 5U);
  for (const auto& [value, count] : counts) EXPECT_NEAR(count, 2000, 200) << value;
  EXPECT_NEAR(sum / 10'000, 1.0, 0.05);
}

TEST(RandomCrop, KeepsAreasAndShapesWithinTheirLimits) {
  double smallest = 1;
  double largest = 0;
  int wide = 0;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    SampleRandom random(1, 0, i);
    const CropBox box = random_crop_box(640, 480, 0.5, random);
    ASSERT_GE(box.left, 0);
    ASSERT_GE(box.top, 0);
    ASSERT_LE(box.left + box.width, 640);
    ASSERT_LE(box.top + box.height, 480);
    const double area = box.width * box.height / (640.0 * 480.0);
    const double shape = static_cast<double>(box.width) / box.height;
    EXPECT_GT(shape, 0.745);
    EXPECT_LT(shape, 1.345);
    smallest = std::min(smallest, area);
    largest = std::max(largest, area);
    if (shape > 1) ++wide;
  }
  EXPECT_NEAR(smallest, 0.5, 0.01);
  EXPECT_NEAR(largest, 1.0, 0.01);
  // More than half: wide boxes of a wide picture fit more often.
  EXPECT_GT(wide, 2000);
  EXPECT_LT(wide, 3800);
}

TEST(RandomCrop, TakesTheMiddleOfAPictureThatNoBoxFits) {
  SampleRandom random(1, 0, 0);
  // torchvision: width = round(100 * 4 / 3), then centred.
  EXPECT_EQ(random_crop_box(1000, 100, 1.0, random), (CropBox{433, 0, 133, 100}));
  EXPECT_EQ(random_crop_box(100, 1000, 1.0, random), (CropBox{0, 433, 100, 133}));
  EXPECT_EQ(random_crop_box(1, 1, 0.2, random), (CropBox{0, 0, 1, 1}));
  const CropBox line = random_crop_box(1, 10'000, 0.2, random);
  EXPECT_EQ(line.width, 1);
  EXPECT_GE(line.height, 1);
}

TEST(DrawAugmentation, DrawsEveryOperationHalfAsOftenAsItsTurn) {
  std::map<Operation, int> counts;
  std::map<Operation, std::set<double>> amounts;
  int is_mirrored = 0;
  constexpr int kDraws = 20'000;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    SampleRandom random(3, 1, i);
    const Augmentation drawn = draw_augmentation(100, 100, 0.5, random);
    ASSERT_LE(drawn.operations.size(), 2U);
    for (const AppliedOperation& operation : drawn.operations) {
      ++counts[operation.operation];
      amounts[operation.operation].insert(operation.amount);
    }
    if (drawn.is_mirrored) ++is_mirrored;
  }
  EXPECT_NEAR(is_mirrored, kDraws / 2, 300);
  ASSERT_EQ(counts.size(), 10U);
  // Two draws, each of ten operations, each applied half of the time: a tenth of the pictures.
  for (const auto& [operation, count] : counts) {
    EXPECT_NEAR(count, kDraws / 10, 200) << static_cast<int>(operation);
  }
  EXPECT_EQ(amounts[Operation::shear_x], (std::set<double>{-0.15, 0.15}));
  EXPECT_EQ(amounts[Operation::translate_y], (std::set<double>{-5, 5}));
  EXPECT_EQ(amounts[Operation::rotate], (std::set<double>{-15, 15}));
  EXPECT_EQ(amounts[Operation::equalize], (std::set<double>{0}));
}

}  // namespace
}  // namespace blip::train
