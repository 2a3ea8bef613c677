#include "core/memory_headroom.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <new>

#include "rationed_addresses.hpp"

namespace blip {
namespace {

TEST(MemoryHeadroom, IsThereUnlessAddressesAreRationed) {
  EXPECT_TRUE(has_headroom());
  require_headroom();
  EXPECT_FALSE(has_headroom(std::numeric_limits<std::size_t>::max() / 2));
  if (!kCanRationAddresses) GTEST_SKIP() << "the sanitizers need their addresses";
  {
    const RationedAddresses few(kHeadroom / 2);
    EXPECT_TRUE(has_headroom(kHeadroom / 4));
    EXPECT_FALSE(has_headroom());
    EXPECT_THROW(require_headroom(), std::bad_alloc);
  }
  EXPECT_TRUE(has_headroom());
}

}  // namespace
}  // namespace blip
