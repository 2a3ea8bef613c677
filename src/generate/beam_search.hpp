// Beam search over one image, deterministic or (do_sample) stochastic.
#pragma once

#include <span>
#include <vector>

#include "blip/generation.hpp"
#include "generate/beam_candidates.hpp"
#include "generate/beam_state.hpp"
#include "generate/settings.hpp"
#include "model/decode_step.hpp"

namespace blip {

/// Finds continuations of beams. Holds working memory only, so that one serves any number of
/// searches.
class CandidateSearch {
 public:
  /// logits: [rows, vocab_size]. A single row stands for all beams, which are alike at first. The
  /// result is valid until the next call. Throws malformed for logits that are not finite.
  [[nodiscard]] std::span<const BeamCandidate> find(const BeamState& beams,
                                                    const GenerationSettings& settings,
                                                    std::span<const float> logits);

 private:
  BestCandidates best_{0};
  SampledCandidates sampled_;
  std::vector<float> log_probs_;  // [vocab_size], processed
  std::vector<TokenId> order_;
};

/// settings.num_beams > 1
class BeamSearch {
 public:
  using Memory = CandidateSearch;

  /// `settings` must outlive the search. Throws what limits_for throws.
  BeamSearch(const GenerationSettings& settings, const std::vector<TokenId>& prompt)
      : settings_(settings), beams_(settings, prompt) {}

  /// As GreedySearch's: at first the prompt, which all beams share, then one for each beam.
  void append_rows(int image, std::vector<DecodeRow>& rows) const;

  /// As GreedySearch's, but nothing is decided before the last step, which appends all tokens of
  /// the best sequence, then those of the next.
  void advance(std::span<const float> logits, int first_row, CandidateSearch& candidates,
               std::vector<GeneratedToken>& decided);

  [[nodiscard]] bool is_finished() const { return beams_.is_finished(); }
  [[nodiscard]] std::vector<GeneratedSequence> take_results() { return std::move(results_); }

 private:
  const GenerationSettings& settings_;
  BeamState beams_;
  int first_row_ = -1;                      // of the last step; -1 before the first
  bool was_one_row_ = false;                // the last step had the prompt alone
  std::vector<GeneratedSequence> results_;  // once it is finished
};

}  // namespace blip
