#include "eval/ngrams.hpp"

#include <algorithm>

#include "eval/python_text.hpp"

namespace blip::eval {
namespace {

NgramCounts counts_of(const std::vector<WordId>& words, std::size_t n) {
  std::vector<Ngram> ngrams;
  for (std::size_t i = 0; i + n <= words.size(); ++i) {
    Ngram& ngram = ngrams.emplace_back();
    ngram.fill(kNoWord);
    std::copy_n(words.begin() + static_cast<std::ptrdiff_t>(i), n, ngram.begin());
  }
  std::sort(ngrams.begin(), ngrams.end());
  NgramCounts counts;
  for (const Ngram& ngram : ngrams) {
    if (counts.empty() || counts.back().ngram != ngram) counts.push_back({.ngram = ngram});
    ++counts.back().count;
  }
  return counts;
}

}  // namespace

CaptionNgrams NgramCounter::count(std::string_view caption) {
  std::vector<WordId> words;
  for (const std::string_view word : split_words(caption)) {
    words.push_back(
        ids_.try_emplace(std::string(word), static_cast<WordId>(ids_.size())).first->second);
  }
  CaptionNgrams ngrams{.counts = {}, .num_words = words.size()};
  for (std::size_t n = 1; n <= kMaxN; ++n) ngrams.counts[n - 1] = counts_of(words, n);
  return ngrams;
}

}  // namespace blip::eval
