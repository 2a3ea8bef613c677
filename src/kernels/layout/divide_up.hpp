// Whole numbers rounded upwards, as whatever is cut into pieces of one size needs them.
#pragma once

#include <cstdint>

namespace blip {

/// How many pieces of `size` hold `count`.
constexpr std::int64_t divide_up(std::int64_t count, std::int64_t size) {
  return (count + size - 1) / size;
}

/// The next multiple of `size`, or `count` if it is one.
constexpr std::int64_t round_up(std::int64_t count, std::int64_t size) {
  return divide_up(count, size) * size;
}

}  // namespace blip
