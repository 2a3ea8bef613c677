// BeamState: beam search over one image, transformers' `_beam_search` for a batch of one.
//
// transformers runs a batch until every image is done, but an image that is done no longer changes:
// so images need not know of each other.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "blip/generation.hpp"
#include "generate/beam_candidates.hpp"
#include "generate/settings.hpp"

namespace blip {

class BeamState {
 public:
  /// `settings` must outlive the state.
  BeamState(const GenerationSettings& settings, const std::vector<TokenId>& prompt);

  [[nodiscard]] const SequenceLimits& limits() const { return limits_; }
  /// How many candidates advance() takes: with one stop token, two per beam, so that num_beams
  /// remain to go on with even if each beam's best continuation is to stop.
  [[nodiscard]] static std::size_t candidates_per_step(const GenerationSettings& settings) {
    return 2 * static_cast<std::size_t>(settings.num_beams);
  }

  [[nodiscard]] int num_beams() const { return static_cast<int>(running_.size()); }
  [[nodiscard]] std::span<const TokenId> ids(int beam) const { return running_[at(beam)].ids; }
  [[nodiscard]] float score(int beam) const { return running_[at(beam)].score; }
  /// Which beam of the step before this one continues.
  [[nodiscard]] int source(int beam) const { return running_[at(beam)].source; }
  [[nodiscard]] int generated_tokens() const {
    return static_cast<int>(running_.front().ids.size()) - limits_.prompt_length;
  }

  /// Takes one step. candidates: [candidates_per_step], best first.
  void advance(std::span<const BeamCandidate> candidates);
  [[nodiscard]] bool is_finished() const { return is_finished_; }

  /// The best num_return_sequences, best first.
  [[nodiscard]] std::vector<GeneratedSequence> take_results();

 private:
  struct RunningBeam {
    float score = 0.0F;
    int source = 0;
    std::vector<TokenId> ids;
    std::vector<float> transition_scores;  // if settings.output_scores
  };
  struct FinishedBeam {
    float score = 0.0F;
    bool is_filled = false;
    std::vector<TokenId> ids;
    std::vector<float> transition_scores;
  };

  static std::size_t at(int beam) { return static_cast<std::size_t>(beam); }
  [[nodiscard]] bool stops(const BeamCandidate& candidate) const;
  [[nodiscard]] float length_factor(int generated_tokens) const;
  [[nodiscard]] bool all_filled() const;
  [[nodiscard]] bool may_improve() const;
  void keep_finished(std::span<const BeamCandidate> candidates);
  void keep_running(std::span<const BeamCandidate> candidates);
  template <typename Beam>
  void continue_into(Beam& next, const BeamCandidate& candidate) const;

  const GenerationSettings* settings_;
  SequenceLimits limits_;
  bool is_finished_ = false;
  std::vector<RunningBeam> running_;
  std::vector<FinishedBeam> finished_;  // best first
  // Working memory of a step; swapped with the above, so that no step allocates.
  std::vector<RunningBeam> next_running_;
  std::vector<FinishedBeam> next_finished_;
  std::vector<float> scores_;
  std::vector<std::size_t> order_;
};

}  // namespace blip
