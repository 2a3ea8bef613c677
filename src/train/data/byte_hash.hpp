// 128 bits that tell byte strings apart. Not for secrets.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace blip::train {

/// Two sums of the 8-byte words, each multiplied and turned at every word. The odd factors are
/// those of xxHash and of SplitMix64.
inline std::pair<std::uint64_t, std::uint64_t> hash_of(std::span<const std::byte> bytes) {
  constexpr std::uint64_t kFirst = 0x9E3779B185EBCA87;
  constexpr std::uint64_t kSecond = 0xBF58476D1CE4E5B9;
  constexpr int kTurn = 31;
  std::uint64_t a = kFirst ^ bytes.size();
  std::uint64_t b = kSecond + bytes.size();
  const auto add = [&](std::uint64_t word) {
    a = std::rotl((a ^ word) * kFirst, kTurn);
    b = std::rotl((b + word) * kSecond, kTurn);
  };
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= bytes.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    add(word);
  }
  std::uint64_t rest = 0;
  if (at < bytes.size()) std::memcpy(&rest, bytes.data() + at, bytes.size() - at);
  add(rest);
  add(a ^ b);
  add(b);
  return {a, b};
}

}  // namespace blip::train
