// The paper's way to answer a question: which answer of a list is the likeliest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "blip/config.hpp"
#include "blip/question_answering.hpp"
#include "model/text_decoder.hpp"
#include "tasks/text_rows.hpp"

namespace blip {

/// Answers prepared once for any number of questions.
class AnswerList {
 public:
  /// answers: [CLS] … [SEP]. Throws invalid_argument for a row that is shorter than that, an empty
  /// list or a k below 1.
  AnswerList(std::span<const std::vector<TokenId>> answers, int k, const BlipTextConfig& config);

  /// Ranks them for the question that `decoder`, fresh, reads as its image 0. Best first.
  [[nodiscard]] std::vector<RankedAnswer> rank(TextDecoder& decoder) const;

 private:
  [[nodiscard]] std::vector<std::size_t> likeliest_starts(std::span<const float> logits) const;

  TokenRows answers_;  // [DEC] … [SEP]
  std::size_t k_;
};

}  // namespace blip
