// CIDEr: how much a caption says what the references say, rare n-grams counting for more.
#pragma once

#include <vector>

#include "eval/caption_set.hpp"

namespace blip::eval {

/// From 0 to 10; papers print 100 times the mean.
struct Cider {
  double mean = 0;
  std::vector<double> images;
};

/// As pycocoevalcap's Cider, which is what Vedantam et al. 2015 call CIDEr-D, without stemming:
/// matches are clipped and captions of another length than the reference pay for it. How rare an
/// n-gram is is learnt from the references of `set`, so scores of different sets, also of a part
/// and the whole, cannot be compared; a single image always has 0. `set`: tokens. Throws as `check`
/// does.
Cider cider(const CaptionSet& set);

}  // namespace blip::eval
