// MergeTable: which two tokens make one, and which pair goes first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "blip/tokenizer.hpp"

namespace blip {

struct Merge {
  TokenId left = 0;
  TokenId right = 0;
  TokenId merged = 0;
};

/// A look-up allocates nothing.
class MergeTable {
 public:
  struct Entry {
    std::int32_t rank;  ///< the lower goes first
    TokenId merged;
  };

  /// Of the same pair twice the later counts, with its rank, as in `tokenizers`. Throws
  /// limit_exceeded (`name` is the file) for pairs chosen so that they all collide.
  MergeTable(const std::vector<Merge>& merges, const std::string& name);

  /// Null: the two do not merge.
  [[nodiscard]] const Entry* find(TokenId left, TokenId right) const noexcept {
    for (std::size_t slot = home_of(left, right);; slot = (slot + 1) & mask_) {
      const Slot& found = slots_[slot];
      if (found.left == left && found.right == right) return &found.entry;
      if (found.left == kFree) return nullptr;
    }
  }

 private:
  static constexpr TokenId kFree = -1;
  struct Slot {
    TokenId left = kFree;
    TokenId right = kFree;
    Entry entry{};
  };

  [[nodiscard]] std::size_t home_of(TokenId left, TokenId right) const noexcept {
    const auto pair = static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
                      static_cast<std::uint32_t>(right);
    return static_cast<std::size_t>((pair * 0x9E3779B97F4A7C15ULL) >> 32) & mask_;
  }

  std::vector<Slot> slots_;  // open addressing, at most half full
  std::size_t mask_ = 0;
};

}  // namespace blip
