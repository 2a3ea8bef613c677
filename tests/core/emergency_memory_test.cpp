#include "core/emergency_memory.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace blip {
namespace {

// All that can be had of one size, each filled with a byte of its own.
std::vector<void*> take_all(EmergencyMemory& memory, std::size_t bytes) {
  std::vector<void*> pieces;
  while (void* const piece = memory.allocate(bytes)) {
    std::memset(piece, static_cast<int>(pieces.size() % 251), bytes);
    pieces.push_back(piece);
  }
  return pieces;
}

bool holds(const void* piece, std::size_t bytes, std::size_t value) {
  const auto* const content = static_cast<const unsigned char*>(piece);
  for (std::size_t i = 0; i < bytes; ++i) {
    if (content[i] != value % 251) return false;
  }
  return true;
}

TEST(EmergencyMemory, PiecesAreAlignedAndApart) {
  std::vector<std::byte> storage(std::size_t{256} << 10);
  EmergencyMemory memory(storage);
  const std::vector<void*> pieces = take_all(memory, 100);
  EXPECT_GT(pieces.size(), 1000);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pieces[i]) % alignof(std::max_align_t), 0);
    EXPECT_TRUE(holds(pieces[i], 100, i)) << i;
  }
}

TEST(EmergencyMemory, WhatIsGivenBackCanBeHadAgain) {
  std::vector<std::byte> storage(std::size_t{256} << 10);
  EmergencyMemory memory(storage);
  std::size_t first = 0;
  for (int round = 0; round < 10; ++round) {
    const std::vector<void*> pieces = take_all(memory, 100);
    if (round == 0) first = pieces.size();
    EXPECT_GT(first, 0);
    EXPECT_EQ(pieces.size(), first) << "round " << round;
    for (void* const piece : pieces) memory.deallocate(piece);
  }
}

TEST(EmergencyMemory, LargePiecesAreRefused) {
  std::vector<std::byte> storage(std::size_t{4} << 20);
  EmergencyMemory memory(storage);
  EXPECT_EQ(memory.allocate(EmergencyMemory::kLargestPiece + 1), nullptr);
  EXPECT_EQ(memory.allocate(SIZE_MAX), nullptr);
  void* const largest = memory.allocate(EmergencyMemory::kLargestPiece);
  ASSERT_NE(largest, nullptr);
  memory.deallocate(largest);
  void* const empty = memory.allocate(0);
  ASSERT_NE(empty, nullptr);
  memory.deallocate(empty);
}

TEST(EmergencyMemory, ThreadsShareIt) {
  std::vector<std::byte> storage(std::size_t{1} << 20);
  EmergencyMemory memory(storage);
  std::vector<int> damaged(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < damaged.size(); ++i) {
      threads.emplace_back([&, i] {
        for (std::size_t round = 0; round < 2000; ++round) {
          const std::size_t bytes = 1 + (round * 37 + i * 101) % 3000;
          void* const piece = memory.allocate(bytes);
          if (piece == nullptr) continue;
          std::memset(piece, static_cast<int>(i), bytes);
          if (!holds(piece, bytes, i)) ++damaged[i];
          memory.deallocate(piece);
        }
      });
    }
  }
  EXPECT_EQ(damaged, std::vector<int>(4));
}

}  // namespace
}  // namespace blip
