#include "train/data/left_right.hpp"

#include <algorithm>
#include <cstddef>

namespace blip::train {

std::string with_left_and_right_swapped(std::string_view sentence) {
  std::string result;
  result.reserve(sentence.size() + sentence.size() / 4);
  for (std::size_t start = 0; start <= sentence.size();) {
    const std::size_t end = std::min(sentence.find(' ', start), sentence.size());
    const std::string_view word = sentence.substr(start, end - start);
    if (start > 0) result += ' ';
    result += word == "left" ? "right" : word == "right" ? "left" : word;
    start = end + 1;
  }
  return result;
}

}  // namespace blip::train
