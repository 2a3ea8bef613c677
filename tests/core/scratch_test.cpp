#include "core/scratch.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdint>
#include <cstdlib>
#include <new>

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

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

// Borrows about so much as a vision tower does: buffers of several sizes, some for a while only.
void pass(Scratch& scratch, std::size_t megabytes) {
  const Scratch::Frame frame(scratch);
  const std::size_t tenth = megabytes * kMegabyte / 10;
  scratch.allocate<char>(2 * tenth)[0] = 1;
  for (int layer = 0; layer < 2; ++layer) {
    {
      const Scratch::Frame attention(scratch);
      scratch.allocate<char>(3 * tenth)[0] = 1;
      scratch.allocate<char>(tenth)[0] = 1;
    }
    const Scratch::Frame feed_forward(scratch);
    scratch.allocate<char>(7 * tenth)[0] = 1;
    scratch.allocate<char>(tenth)[7] = 1;
  }
}

TEST(Scratch, HoldsWhatTheLargestPassNeedsWhateverCameBefore) {
  Scratch alone;
  pass(alone, 160);
  Scratch scratch;
  EXPECT_EQ(scratch.bytes_held(), 0U);
  for (std::size_t megabytes = 10; megabytes <= 160; megabytes += 6) {
    pass(scratch, megabytes);
    EXPECT_LE(scratch.bytes_held(), megabytes * kMegabyte * 12 / 10) << megabytes;
  }
  EXPECT_EQ(scratch.bytes_held(), alone.bytes_held());
}

TEST(Scratch, StaysAsLargeAsItsLargestPassInAMixOfSizes) {
  Scratch scratch;
  for (std::size_t image = 0; image < 10'000; ++image) {
    pass(scratch, 1 + image * 7919 % 50);
    ASSERT_LE(scratch.bytes_held(), 60 * kMegabyte);
  }
  EXPECT_GE(scratch.bytes_held(), 50 * kMegabyte);
}

TEST(Scratch, GivesBackWhatWasNotNeededForLong) {
  Scratch scratch;
  const auto passes = [&](int count, std::size_t megabytes) {
    for (int i = 0; i < count; ++i) pass(scratch, megabytes);
  };
  passes(1, 400);
  passes(Scratch::kKeptPasses - 2, 20);
  EXPECT_GE(scratch.bytes_held(), 400 * kMegabyte);  // it may come again
  passes(Scratch::kKeptPasses + 1, 20);
  EXPECT_LE(scratch.bytes_held(), 24 * kMegabyte);
  passes(1, 400);
  EXPECT_GE(scratch.bytes_held(), 400 * kMegabyte);
}

TEST(Scratch, KeepsWhatIsBorrowedWhenItGivesBack) {
  Scratch scratch;
  const Scratch::Frame frame(scratch);
  int* kept = scratch.allocate<int>(1);
  *kept = 42;
  for (int i = 0; i < 3 * Scratch::kKeptPasses; ++i) pass(scratch, 1);
  EXPECT_EQ(*kept, 42);
}

// As under `ulimit -v`: a process of its own, because a limit cannot be lifted again.
TEST(ScratchDeathTest, WorksWhereAddressesAreRationed) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizers reserve more addresses than the limit";
#endif
  const auto run = [] {
    rlimit limit = {};
    ::getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = std::size_t{1} << 30;
    ::setrlimit(RLIMIT_AS, &limit);
    Scratch scratch;
    for (std::size_t megabytes = 10; megabytes <= 300; megabytes += 10) pass(scratch, megabytes);
    bool refused = false;
    try {
      pass(scratch, 2000);
    } catch (const std::bad_alloc&) {
      refused = true;
    }
    for (int i = 0; i < 2 * Scratch::kKeptPasses; ++i) pass(scratch, 1);
    std::exit(refused && scratch.bytes_held() <= 8 * kMegabyte ? 0 : 1);
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace blip
