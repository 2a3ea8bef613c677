#include "core/scratch.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace blip {
namespace {

TEST(Scratch, AlignsAndReusesMemory) {
  Scratch scratch;
  float* first = nullptr;
  {
    const Scratch::Frame frame(scratch);
    first = scratch.allocate<float>(3);
    auto* second = scratch.allocate<float>(5);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % kMemoryAlignment, 0U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second) % kMemoryAlignment, 0U);
    EXPECT_GE(second, first + 3);
  }
  const Scratch::Frame frame(scratch);
  EXPECT_EQ(scratch.allocate<float>(3), first);
}

TEST(Scratch, GrowsPastItsBlocksWithoutMovingWhatIsBorrowed) {
  Scratch scratch;
  const Scratch::Frame frame(scratch);
  int* small = scratch.allocate<int>(1);
  *small = 42;
  char* large = scratch.allocate<char>(std::size_t{5} << 20);
  large[0] = 1;
  large[(std::size_t{5} << 20) - 1] = 2;
  EXPECT_EQ(*small, 42);
}

}  // namespace
}  // namespace blip
