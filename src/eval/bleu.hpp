// BLEU: how many of a caption's n-grams some reference has.
#pragma once

#include <array>
#include <vector>

#include "eval/caption_set.hpp"
#include "eval/ngrams.hpp"

namespace blip::eval {

/// BLEU-1 to BLEU-4, from 0 to 1.
using BleuScores = std::array<double, kMaxN>;

struct Bleu {
  BleuScores corpus = {};  ///< of sums over all images, not the mean of theirs
  std::vector<BleuScores> images;
};

/// As pycocoevalcap's Bleu(4) with its default, the closest reference length (Papineni et al.
/// 2002). `set`: tokens. Throws as `check` does.
Bleu bleu(const CaptionSet& set);

}  // namespace blip::eval
