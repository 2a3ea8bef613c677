#include "core/unicode_composition.hpp"

#include <gtest/gtest.h>

#include <string>

namespace blip {
namespace {

// tests/text/clip_normalizer_test.cpp has every code point. Expected values from `tokenizers`.
TEST(ComposedForm, ComposesAcrossMarksThatDoNotBlock) {
  EXPECT_EQ(composed_form(""), "");
  EXPECT_EQ(composed_form("plain"), "plain");
  EXPECT_EQ(composed_form("e\xCC\x81"), "\xC3\xA9");
  EXPECT_EQ(composed_form("\xC3\xA9"), "\xC3\xA9");
  // The dot below goes before the accent, and first.
  EXPECT_EQ(composed_form("a\xCC\x82\xCC\xA3"), "\xE1\xBA\xAD");
  // The grave accent goes before the comma, which does not compose.
  EXPECT_EQ(composed_form("a\xCC\x95\xCC\x80"), "\xC3\xA0\xCC\x95");
  EXPECT_EQ(composed_form("\xCC\x81"
                          "e"),
            "\xCC\x81"
            "e");
}

TEST(ComposedForm, KnowsHangul) {
  EXPECT_EQ(composed_form("\xE1\x84\x80\xE1\x85\xA1"), "\xEA\xB0\x80");
  EXPECT_EQ(composed_form("\xEA\xB0\x80\xE1\x86\xA8"), "\xEA\xB0\x81");
  EXPECT_EQ(composed_form("\xEA\xB0\x81\xE1\x86\xA8"), "\xEA\xB0\x81\xE1\x86\xA8");
  EXPECT_EQ(composed_form("\xEA\xB0\x80\xE1\x86\xA7"), "\xEA\xB0\x80\xE1\x86\xA7");
}

TEST(ComposedForm, LeavesWhatUnicodeExcludes) {
  EXPECT_EQ(composed_form("\xE0\xA5\x98"), "\xE0\xA4\x95\xE0\xA4\xBC");  // U+0958
  EXPECT_EQ(composed_form("\xE2\x84\xAB"), "\xC3\x85");                  // U+212B, the Angstrom
  EXPECT_EQ(composed_form("\xCD\x84"), "\xCC\x88\xCC\x81");              // U+0344
}

}  // namespace
}  // namespace blip
