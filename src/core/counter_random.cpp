#include "core/counter_random.hpp"

namespace blip {
namespace {

// The constants of the paper: two multipliers, and the key's increments (the golden ratio and
// sqrt(3) - 1 in 32 bits).
constexpr std::uint64_t kMultiplier0 = 0xD2511F53;
constexpr std::uint64_t kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kKeyIncrement0 = 0x9E3779B9;
constexpr std::uint32_t kKeyIncrement1 = 0xBB67AE85;
constexpr int kRounds = 10;

constexpr std::uint32_t high(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32U);
}
constexpr std::uint32_t low(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = kMultiplier0 * counter[0];
    const std::uint64_t product1 = kMultiplier1 * counter[2];
    counter = {high(product1) ^ counter[1] ^ key[0], low(product1),
               high(product0) ^ counter[3] ^ key[1], low(product0)};
    key[0] += kKeyIncrement0;
    key[1] += kKeyIncrement1;
  }
  return counter;
}

double open_uniform(std::uint32_t high_bits, std::uint32_t low_bits) {
  const std::uint64_t mantissa = ((std::uint64_t{high_bits} << 32U) | low_bits) >> 12U;
  return (static_cast<double>(mantissa) + 0.5) * 0x1p-52;
}

}  // namespace blip
