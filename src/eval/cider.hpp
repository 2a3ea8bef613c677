// CIDEr: how much a caption says what the references say, rare n-grams counting for more.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "eval/caption_set.hpp"
#include "eval/ngrams.hpp"

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

/// The same for any number of captions of images whose references alone say how rare an n-gram is:
/// what a captioner that is trained on CIDEr is rewarded by.
class CiderScorer {
 public:
  /// references: of each image, tokens.
  explicit CiderScorer(const std::vector<std::vector<std::string>>& references);

  /// Scores of captions of one image, tokens. Throws invalid_argument for an image that has no
  /// references.
  std::vector<double> scores(std::size_t image, std::span<const std::string> captions);

 private:
  NgramCounter counter_;
  std::vector<std::vector<CaptionNgrams>> references_;
  std::map<Ngram, int> image_counts_;  // in how many images some reference has it
  double log_images_ = 0;
};

}  // namespace blip::eval
