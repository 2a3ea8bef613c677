// The continuations that beam search chooses from: the best ones of all beams of one image.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "blip/tokenizer.hpp"
#include "generate/random_stream.hpp"

namespace blip {

/// Beam `beam` followed by `token`, of accumulated log-probability `score`.
struct BeamCandidate {
  float score = 0.0F;
  int beam = 0;
  TokenId token = 0;
  float log_probability = 0.0F;  ///< of the token after the beam
};

/// Better score first; among equal ones the lower beam, then the lower token. (torch.topk leaves
/// that order open.)
[[nodiscard]] bool is_better(const BeamCandidate& a, const BeamCandidate& b);

/// The `count` best of what is offered. Offer beams in ascending order.
class BestCandidates {
 public:
  explicit BestCandidates(std::size_t count) : count_(count) { heap_.reserve(count); }

  /// Begins a round for the `count` best.
  void restart(std::size_t count) {
    count_ = count;
    heap_.clear();
  }
  /// log_probs: [vocab_size] of `beam`, each at most 0; running_score is added to each. `log_sum`,
  /// the logarithm of the sum of their exponentials, is what processors took away.
  void offer(std::span<const float> log_probs, float running_score, int beam, float log_sum = 0.0F);
  /// Best first. Ends the round: call restart() before the next offer().
  [[nodiscard]] std::span<const BeamCandidate> sorted();

 private:
  std::size_t count_;
  std::vector<BeamCandidate> heap_;  // the worst on top
};

/// `count` of what is offered, drawn without replacement in proportion to exp(score).
class SampledCandidates {
 public:
  /// Begins a round for `count` draws.
  void restart(std::size_t count);
  /// As BestCandidates's.
  void offer(std::span<const float> log_probs, float running_score, int beam, float log_sum = 0.0F);
  /// Best first. Ends the round: call restart() before the next offer().
  [[nodiscard]] std::span<const BeamCandidate> drawn(const RandomStream& random);

 private:
  std::size_t count_ = 0;
  std::vector<BeamCandidate> possible_;
  std::vector<BeamCandidate> impossible_;  // score -inf; at most count_, in case there is no other
  std::vector<double> weights_;
  std::vector<BeamCandidate> drawn_;
};

}  // namespace blip
