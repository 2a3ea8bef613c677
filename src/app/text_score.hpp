// TextScore: how sure a model is of a text.
#pragma once

#include "blip/generation.hpp"
#include "blip/question_answering.hpp"

namespace blip::app {

struct TextScore {
  float log_probability = 0.0F;       ///< of all its tokens, the stop token included
  float mean_log_probability = 0.0F;  ///< of one of them on average
  /// What texts are compared by: of beam search transformers' `sequences_scores`, of an answer that
  /// is chosen from a list RankedAnswer::score.
  float score = 0.0F;
};

/// Of a text that was generated with output_scores.
inline TextScore score_of(const GeneratedSequence& sequence) {
  return {.log_probability = sequence.log_probability(),
          .mean_log_probability = sequence.mean_log_probability(),
          .score = sequence.score};
}

inline TextScore score_of(const RankedAnswer& answer) {
  return {.log_probability = answer.log_probability,
          .mean_log_probability = answer.mean_log_probability,
          .score = answer.score};
}

}  // namespace blip::app
