// Each operation beside what Pillow and OpenCV make of the same picture
// (tools/reference/make_augmentation_fixtures.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "core/open_file.hpp"
#include "pictures.hpp"
#include "train/data/augmentation.hpp"
#include "train/data/random_crop.hpp"

namespace blip::train {
namespace {

const nlohmann::json& fixture() {
  static const auto kFixture = nlohmann::json::parse(
      read_text_file(BLIP_SOURCE_DIR "/tests/train/data/data/augmentations.json", 1U << 20U));
  return kFixture;
}

Image image_of(const nlohmann::json& record) {
  const std::string hex = record.at("rgb");
  std::vector<std::uint8_t> rgb;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    rgb.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return {record.at("width"), record.at("height"), std::move(rgb)};
}

void expect_same(const Image& image, const nlohmann::json& expected) {
  EXPECT_EQ(pixels_of(image), pixels_of(image_of(expected)));
}

TEST(Augmentation, CropsAndResizesAsPillow) {
  const Image source = image_of(fixture().at("source"));
  ASSERT_EQ(fixture().at("crops").size(), 4U);
  for (const auto& crop : fixture().at("crops")) {
    const auto& box = crop.at("box");
    expect_same(resized_crop(source, {box[0], box[1], box[2], box[3]}, 12), crop);
  }
}

TEST(Augmentation, MirrorsAsPillow) {
  expect_same(mirrored(image_of(fixture().at("source"))), fixture().at("mirrored"));
}

TEST(Augmentation, ChangesTonesAsPillow) {
  for (const auto& [name, operation] : {std::pair{"auto_contrast", Operation::auto_contrast},
                                        std::pair{"equalize", Operation::equalize}}) {
    expect_same(applied(image_of(fixture().at("tones")), {operation, 0}), fixture().at(name));
    EXPECT_NE(fixture().at(name), fixture().at("tones"));
  }
}

TEST(Augmentation, WarpsExactlyAndAsOpenCvDoesToWithinItsRounding) {
  const std::map<std::string, Operation> operations = {{"shear_x", Operation::shear_x},
                                                       {"shear_y", Operation::shear_y},
                                                       {"translate_x", Operation::translate_x},
                                                       {"translate_y", Operation::translate_y},
                                                       {"rotate", Operation::rotate}};
  // What the script measured between an exact warp and OpenCV 4.10, whose positions are rounded to
  // a 32nd of a pixel.
  constexpr int kLargest = 4;
  constexpr double kMean = 0.195;
  const Image source = image_of(fixture().at("source"));
  ASSERT_EQ(fixture().at("warps").size(), 10U);
  for (const auto& warp : fixture().at("warps")) {
    const std::string name = warp.at("operation");
    const Image result = applied(source, {operations.at(name), warp.at("amount")});
    const Image exact = image_of(warp.at("exact"));
    int others = 0;
    for (std::size_t i = 0; i < result.pixels().size(); ++i) {
      const int difference = std::abs(result.pixels()[i] - exact.pixels()[i]);
      EXPECT_LE(difference, 1) << name << " at " << i;
      others += difference;
    }
    // Values halfway between two integers, which the last bit of a double tips: 2 of these 585.
    EXPECT_LE(others, 2) << name;
    const Image opencv = image_of(warp.at("opencv"));
    double sum = 0;
    for (std::size_t i = 0; i < result.pixels().size(); ++i) {
      const int difference = std::abs(result.pixels()[i] - opencv.pixels()[i]);
      EXPECT_LE(difference, name.starts_with("translate") ? 0 : kLargest) << name << " at " << i;
      sum += difference;
    }
    EXPECT_LE(sum / static_cast<double>(result.pixels().size()), kMean) << name;
  }
}

TEST(Augmentation, LeavesThePictureAloneWhereLevelFiveDoesNothing) {
  const Image source = image_of(fixture().at("source"));
  for (const Operation operation :
       {Operation::identity, Operation::brightness, Operation::sharpness}) {
    expect_same(applied(source, {operation, 0}), fixture().at("source"));
  }
}

TEST(Augmentation, AppliesItsPartsInOrder) {
  const Image source = image_of(fixture().at("source"));
  const CropBox box = {3, 5, 10, 7};
  const AppliedOperation turn = {Operation::rotate, 15};
  const AppliedOperation equalize = {Operation::equalize, 0};
  const Image expected = applied(applied(mirrored(resized_crop(source, box, 12)), turn), equalize);
  EXPECT_EQ(pixels_of(augmented(source, {box, true, {turn, equalize}}, 12)), pixels_of(expected));
}

}  // namespace
}  // namespace blip::train
