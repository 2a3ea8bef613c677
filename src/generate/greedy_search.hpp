// One token at a time, the best one (greedy search) or a random one (sampling).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "blip/generation.hpp"
#include "generate/random_stream.hpp"
#include "generate/settings.hpp"
#include "generate/token_sampler.hpp"
#include "model/decode_step.hpp"

namespace blip {

/// Chooses next tokens. Holds working memory only, so that one serves any number of searches.
class TokenChooser {
 public:
  /// logits: [vocab_size] after the last of `ids`; `sequence` counts the image's return sequences.
  /// Returns the token and its log-probability under the processed scores, 0 without
  /// settings.output_scores. Throws malformed for logits that are not finite.
  [[nodiscard]] SampledToken choose(std::span<const float> logits, std::span<const TokenId> ids,
                                    std::uint32_t sequence, const GenerationSettings& settings,
                                    const SequenceLimits& limits);

 private:
  std::vector<float> scores_;  // [vocab_size]
  std::vector<TokenId> order_;
  TokenSampler sampler_;
};

/// The return sequences of one image. settings.num_beams == 1.
class GreedySearch {
 public:
  using Memory = TokenChooser;

  /// `settings` must outlive the search. Throws what limits_for throws.
  GreedySearch(const GenerationSettings& settings, const std::vector<TokenId>& prompt);

  /// Appends the rows whose logits advance() takes: at first the prompt, which all sequences share,
  /// then one for each that is not finished. They refer to this search.
  void append_rows(int image, std::vector<DecodeRow>& rows) const;

  /// logits: [rows, vocab_size]; `first_row` is where the rows began in the step. Appends each new
  /// token to `decided`.
  void advance(std::span<const float> logits, int first_row, TokenChooser& chooser,
               std::vector<GeneratedToken>& decided);

  [[nodiscard]] bool is_finished() const { return active_.empty(); }
  [[nodiscard]] std::vector<GeneratedSequence> take_results() { return std::move(sequences_); }

 private:
  struct ActiveSequence {
    std::size_t index = 0;
    int row = 0;  // among this search's rows of the last step
  };

  const GenerationSettings& settings_;
  SequenceLimits limits_;
  int first_row_ = -1;  // of the last step; -1 before the first
  std::vector<GeneratedSequence> sequences_;
  std::vector<ActiveSequence> active_;
};

}  // namespace blip
