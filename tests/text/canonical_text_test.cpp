#include "text/canonical_text.hpp"

#include <gtest/gtest.h>

namespace blip {
namespace {

// What Python's str.lower() gave.
TEST(LowerAsPython, EndsAWordWithItsOwnSigma) {
  EXPECT_EQ(lower_as_python("ΑΣ"), "ας");
  EXPECT_EQ(lower_as_python("Σ"), "σ");
  EXPECT_EQ(lower_as_python("ΑΣΑ ΑΣ. Α.Σ"), "ασα ας. α.ς");
  EXPECT_EQ(lower_as_python("Α\xCC\x81Σ\xCC\x81"), "α\xCC\x81ς\xCC\x81");
  EXPECT_EQ(lower_as_python("ΑΣ\xC2\xAD'Α"), "ασ\xC2\xAD'α");
  EXPECT_EQ(lower_as_python("1Σ"), "1σ");
  EXPECT_EQ(lower_as_python("İI"), "i\xCC\x87i");
}

TEST(CanonicalText, LosesPunctuationAndSpareBlanks) {
  EXPECT_EQ(canonical_text("  A Photo,  of\ta\n 'CAT'. ", true), "a photo of a cat");
  EXPECT_EQ(canonical_text("A - B", true), "a b");
  EXPECT_EQ(canonical_text("A - B", false), "A B");
  EXPECT_EQ(canonical_text("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", true), "");
  EXPECT_EQ(canonical_text("“x” – y", true), "“x” – y");  // these are not ASCII's
  EXPECT_EQ(canonical_text("\x1C"
                           "a\x1F\xC2\xA0\xE3\x80\x80"
                           "b\x1D",
                           true),
            "a b");
  EXPECT_EQ(canonical_text("", true), "");
  EXPECT_EQ(canonical_text(" \t ", true), "");
}

}  // namespace
}  // namespace blip
