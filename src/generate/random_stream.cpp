#include "generate/random_stream.hpp"

#include "core/counter_random.hpp"

namespace blip {
namespace {

constexpr std::uint32_t high(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32U);
}
constexpr std::uint32_t low(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}

}  // namespace

double RandomStream::uniform(std::uint32_t index) const {
  // The image takes 64 bits of the counter; sequence (at most 10 bits, see kMaxReturnSequences) and
  // step (at most the positions of a model) share a word.
  const auto bits =
      philox({index, (sequence << 22U) ^ step, low(image), high(image)}, {low(seed), high(seed)});
  return open_uniform(bits[0], bits[1]);
}

}  // namespace blip
