#include "eval/rouge_l.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>

#include "eval/python_text.hpp"

namespace blip::eval {
namespace {

using Words = std::vector<std::string_view>;

constexpr double kBeta = 1.2;  // recall counts for more than precision

std::size_t longest_common_subsequence(const Words& left, const Words& right) {
  // lengths[j]: of the words of `left` so far and the first j of `right`.
  std::vector<std::size_t> lengths(right.size() + 1, 0);
  for (const std::string_view word : left) {
    std::size_t diagonal = 0;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t above = lengths[j];
      lengths[j] = word == right[j - 1] ? diagonal + 1 : std::max(above, lengths[j - 1]);
      diagonal = above;
    }
  }
  return lengths.back();
}

double score(const std::string& caption, const std::vector<std::string>& references) {
  const Words words = split_at_blanks(caption);
  double precision = 0;
  double recall = 0;
  for (const std::string& reference : references) {
    const Words theirs = split_at_blanks(reference);
    const auto common = static_cast<double>(longest_common_subsequence(words, theirs));
    precision = std::max(precision, common / static_cast<double>(words.size()));
    recall = std::max(recall, common / static_cast<double>(theirs.size()));
  }
  if (precision == 0 || recall == 0) return 0;
  return (1 + kBeta * kBeta) * precision * recall / (recall + kBeta * kBeta * precision);
}

}  // namespace

RougeL rouge_l(const CaptionSet& set) {
  check(set);
  RougeL result;
  for (std::size_t i = 0; i < set.captions.size(); ++i) {
    result.images.push_back(score(set.captions[i], set.references[i]));
  }
  if (!result.images.empty()) {
    result.mean = std::accumulate(result.images.begin(), result.images.end(), 0.0) /
                  static_cast<double>(result.images.size());
  }
  return result;
}

}  // namespace blip::eval
