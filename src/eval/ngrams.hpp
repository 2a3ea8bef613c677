// How often sequences of one to four words occur in a caption.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace blip::eval {

/// BLEU and CIDEr look at n-grams for n from 1 to this.
inline constexpr std::size_t kMaxN = 4;

using WordId = std::uint32_t;

/// The first n words, then kNoWord.
using Ngram = std::array<WordId, kMaxN>;
inline constexpr WordId kNoWord = 0xFFFFFFFF;

struct NgramCount {
  Ngram ngram;
  int count = 0;
};

/// Of one n, in the order of the n-grams.
using NgramCounts = std::vector<NgramCount>;

/// Of one caption: [n - 1] for each n, and how many words it has.
struct CaptionNgrams {
  std::array<NgramCounts, kMaxN> counts;
  std::size_t num_words = 0;
};

/// Numbers words, so that n-grams are compared as numbers.
class NgramCounter {
 public:
  /// Words are what str.split() makes of a caption.
  CaptionNgrams count(std::string_view caption);

 private:
  std::unordered_map<std::string, WordId> ids_;
};

}  // namespace blip::eval
