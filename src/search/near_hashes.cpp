#include "search/near_hashes.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>
#include <unordered_map>

namespace blip::search {

void for_near_hashes(std::span<const std::uint64_t> hashes, int distance,
                     const std::function<void(std::size_t a, std::size_t b)>& visit) {
  for (int byte = 0; byte < 8; ++byte) {
    std::unordered_map<std::uint64_t, std::vector<std::size_t>> buckets;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      std::vector<std::size_t>& bucket = buckets[(hashes[i] >> (8 * byte)) & 0xFF];
      const std::size_t first = bucket.size() > kMostCompared ? bucket.size() - kMostCompared : 0;
      for (std::size_t k = first; k < bucket.size(); ++k) {
        if (std::popcount(hashes[i] ^ hashes[bucket[k]]) <= distance) visit(bucket[k], i);
      }
      bucket.push_back(i);
    }
  }
}

Groups::Groups(std::size_t size) : parents_(size) {
  std::iota(parents_.begin(), parents_.end(), std::size_t{0});
}

std::size_t Groups::root(std::size_t member) {
  while (parents_[member] != member) {
    parents_[member] = parents_[parents_[member]];
    member = parents_[member];
  }
  return member;
}

void Groups::join(std::size_t a, std::size_t b) {
  const std::size_t left = root(a);
  const std::size_t right = root(b);
  parents_[std::max(left, right)] = std::min(left, right);
}

bool Groups::are_joined(std::size_t a, std::size_t b) {
  return root(a) == root(b);
}

std::vector<std::vector<std::size_t>> Groups::groups() {
  std::map<std::size_t, std::vector<std::size_t>> by_root;
  for (std::size_t i = 0; i < parents_.size(); ++i) by_root[root(i)].push_back(i);
  std::vector<std::vector<std::size_t>> groups;
  for (auto& [root, members] : by_root) {
    if (members.size() > 1) groups.push_back(std::move(members));
  }
  return groups;
}

}  // namespace blip::search
