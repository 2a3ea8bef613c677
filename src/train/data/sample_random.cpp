#include "train/data/sample_random.hpp"

#include <algorithm>

#include "core/counter_random.hpp"

namespace blip::train {
namespace {

constexpr std::uint32_t low(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}
constexpr std::uint32_t high(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32U);
}

}  // namespace

double SampleRandom::uniform() {
  const auto bits =
      philox({drawn_++, epoch_, low(sample_), high(sample_)}, {low(seed_), high(seed_)});
  return open_uniform(bits[0], bits[1]);
}

std::uint32_t SampleRandom::below(std::uint32_t count) {
  // 52 random bits for 32 wanted: no value is favoured by more than a millionth. The product can
  // round up to `count` itself.
  return std::min(static_cast<std::uint32_t>(uniform() * count), count - 1);
}

}  // namespace blip::train
