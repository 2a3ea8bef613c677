#include "core/trimmed.hpp"

#include <gtest/gtest.h>

namespace blip {
namespace {

TEST(Trimmed, TakesBlanksFromBothEnds) {
  EXPECT_EQ(trimmed(" \ta cat\r\n"), "a cat");
  EXPECT_EQ(trimmed("a cat"), "a cat");
  EXPECT_EQ(trimmed(" \r\n"), "");
  EXPECT_EQ(trimmed(""), "");
  constexpr std::string_view kBlanks = " \r\n";
  EXPECT_EQ(trimmed(kBlanks).data(), kBlanks.data() + kBlanks.size());
  EXPECT_EQ(trimmed(" \ta ", " "), "\ta");
}

}  // namespace
}  // namespace blip
