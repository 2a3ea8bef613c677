// Example: a row as the model will see it, but for tokens and floats.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "blip/image.hpp"
#include "dataset/sample.hpp"

namespace blip::train {

struct Example {
  std::vector<Image> pictures;           ///< size × size; NLVR2: left and right
  std::string text;                      ///< caption with its prompt, question or statement
  std::vector<std::string> more_texts;   ///< further captions of the picture, prepared alike
  std::vector<dataset::Answer> answers;  ///< of a question
  bool is_true = false;                  ///< of a statement
  std::uint32_t image = 0;               ///< equal for examples of the same picture
  /// Why another row stands here than the one that was due; empty if it is that one.
  std::string replacement;
};

}  // namespace blip::train
