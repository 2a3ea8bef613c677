// How many pictures are on a side of a square of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "blip/error.hpp"

namespace blip {

/// Throws invalid_argument for a count that is no square number.
inline std::int64_t side_of(std::size_t count) {
  std::int64_t side = 1;
  while (static_cast<std::size_t>(side * side) < count) ++side;
  if (static_cast<std::size_t>(side * side) != count) {
    throw Error(ErrorCode::invalid_argument,
                "pictures in a square must be a square number of them, and these are " +
                    std::to_string(count));
  }
  return side;
}

}  // namespace blip
