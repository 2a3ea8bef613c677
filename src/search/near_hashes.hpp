// Which of many 64-bit hashes differ in a few bits, and the groups that such pairs make.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace blip::search {

/// Bits in which near hashes may differ, at most: of eight bytes, one is then the same in both.
inline constexpr int kMostDistance = 7;
/// A hash is compared with so many others that share a byte with it, at most: a library of a
/// hundred thousand pictures of one kind would take hours else.
inline constexpr std::size_t kMostCompared = 20'000;

/// Calls `visit(a, b)`, a < b, for the pairs that differ in at most `distance` bits (0 to
/// kMostDistance). A pair may be visited several times.
void for_near_hashes(std::span<const std::uint64_t> hashes, int distance,
                     const std::function<void(std::size_t a, std::size_t b)>& visit);

/// Sets that pairs join.
class Groups {
 public:
  explicit Groups(std::size_t size);

  void join(std::size_t a, std::size_t b);
  [[nodiscard]] bool are_joined(std::size_t a, std::size_t b);
  /// Those of two and more, members ascending, in order of their first ones.
  [[nodiscard]] std::vector<std::vector<std::size_t>> groups();

 private:
  std::size_t root(std::size_t member);

  std::vector<std::size_t> parents_;
};

}  // namespace blip::search
