// A float32 as a text of numbers should have it.
#pragma once

#include <array>
#include <charconv>

namespace blip {

/// The double whose shortest decimal is that of `value`: 1e-05, not 9.999999747378752e-06.
inline double shortest_number(float value) {
  std::array<char, 32> text{};
  const char* end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  double same = 0;
  std::from_chars(text.data(), end, same);
  return same;
}

}  // namespace blip
