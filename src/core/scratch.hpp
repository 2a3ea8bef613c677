// Scratch: memory that a forward pass borrows and gives back in reverse order.
//
// Blocks are kept between calls, so that a second image touches no new page. A Frame gives back, at
// the end of its scope, whatever was borrowed since it began.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/aligned_memory.hpp"

namespace blip {

class Scratch {
 public:
  class Frame {
   public:
    explicit Frame(Scratch& scratch)
        : scratch_(scratch), block_(scratch.block_), used_(scratch.used_) {}
    ~Frame() {
      scratch_.block_ = block_;
      scratch_.used_ = used_;
    }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

   private:
    Scratch& scratch_;
    std::size_t block_;
    std::size_t used_;
  };

  /// `count` uninitialised elements, aligned to kMemoryAlignment, valid until the innermost Frame
  /// ends.
  template <typename T>
  T* allocate(std::size_t count) {
    return static_cast<T*>(allocate_bytes(count * sizeof(T)));
  }

 private:
  struct Block {
    AlignedBytes memory;
    std::size_t size = 0;
  };

  void* allocate_bytes(std::size_t bytes) {
    bytes = (bytes + kMemoryAlignment - 1) / kMemoryAlignment * kMemoryAlignment;
    while (block_ < blocks_.size() && used_ + bytes > blocks_[block_].size) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) {
      const std::size_t size = std::max(bytes, kBlockSize);
      blocks_.push_back({allocate_aligned(size), size});
      used_ = 0;
    }
    void* result = blocks_[block_].memory.get() + used_;
    used_ += bytes;
    return result;
  }

  // Large enough that a decode step lives in one block, small enough to waste little.
  static constexpr std::size_t kBlockSize = std::size_t{1} << 20;

  std::vector<Block> blocks_;
  std::size_t block_ = 0;
  std::size_t used_ = 0;
};

}  // namespace blip
