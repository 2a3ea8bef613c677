#include "architectures/registry.hpp"

#include <gtest/gtest.h>

namespace blip {
namespace {

TEST(Registry, FindsFamiliesByModelType) {
  ASSERT_NE(find_family("blip"), nullptr);
  EXPECT_EQ(find_family("blip-2"), nullptr);
}

}  // namespace
}  // namespace blip
