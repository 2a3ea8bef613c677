#include "blip/version.hpp"

#include <gtest/gtest.h>

#include <string>

namespace blip {
namespace {

TEST(Version, IsThatOfTheHeadersAndOfTheBuild) {
  EXPECT_EQ(version(), std::to_string(BLIP_VERSION_MAJOR) + '.' +
                           std::to_string(BLIP_VERSION_MINOR) + '.' +
                           std::to_string(BLIP_VERSION_PATCH));
  EXPECT_EQ(version(), BLIP_BUILD_VERSION);
}

}  // namespace
}  // namespace blip
