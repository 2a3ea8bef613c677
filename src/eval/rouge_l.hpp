// ROUGE-L: how long a sequence of words a caption and a reference have in common, gaps allowed.
#pragma once

#include <vector>

#include "eval/caption_set.hpp"

namespace blip::eval {

/// From 0 to 1.
struct RougeL {
  double mean = 0;
  std::vector<double> images;
};

/// As pycocoevalcap's Rouge: F-measure with beta 1.2 of the greatest precision and the greatest
/// recall, which may be of different references (Lin 2004). `set`: tokens. Throws as `check` does.
RougeL rouge_l(const CaptionSet& set);

}  // namespace blip::eval
