#include "train/data/left_right.hpp"

#include <gtest/gtest.h>

namespace blip::train {
namespace {

TEST(LeftAndRight, ChangePlacesAsWholeWords) {
  EXPECT_EQ(with_left_and_right_swapped("the left image has two dogs , the right one"),
            "the right image has two dogs , the left one");
  EXPECT_EQ(with_left_and_right_swapped("left"), "right");
  EXPECT_EQ(with_left_and_right_swapped("upright leftover left, right-hand  left"),
            "upright leftover left, right-hand  right");
  EXPECT_EQ(with_left_and_right_swapped(""), "");
  EXPECT_EQ(with_left_and_right_swapped(" right "), " left ");
}

}  // namespace
}  // namespace blip::train
