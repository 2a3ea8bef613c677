#include "app/captions/alt_text.hpp"

#include <gtest/gtest.h>

namespace blip::app {
namespace {

TEST(AltText, IsASentenceThatDoesNotSayItIsAPicture) {
  EXPECT_EQ(alt_text("a cat on a sofa"), "A cat on a sofa.");
  EXPECT_EQ(alt_text("a photo of a cat"), "A cat.");
  EXPECT_EQ(alt_text("An image of two dogs!"), "Two dogs!");
  EXPECT_EQ(alt_text("the photograph of"), "The photograph of.");
  EXPECT_EQ(alt_text("  "), "");
}

TEST(AltText, IsCutAtAWord) {
  EXPECT_EQ(alt_text("a cat on a very long sofa", 15), "A cat on a.");
  EXPECT_EQ(alt_text(std::string(300, 'x')).size(), 125U);
}

}  // namespace
}  // namespace blip::app
