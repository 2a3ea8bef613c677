// How text is generated: transformers' GenerationConfig, by the same names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <stop_token>
#include <vector>

#include "blip/tokenizer.hpp"

namespace blip {

/// When beam search may stop (transformers' `early_stopping`: False, True, "never").
enum class EarlyStopping {
  heuristic,  ///< False: when no running beam is likely to beat the worst finished one
  when_full,  ///< True: as soon as num_beams finished candidates exist
  never,      ///< "never": when no running beam can possibly beat it
};

/// Every field is optional. What is not set has transformers' default, given in brackets. Lengths
/// count tokens.
/// A value out of range throws invalid_argument or limit_exceeded with the name of the field.
struct GenerationOptions {
  // {}: without it, gcc's -Wextra warns callers about every field they leave out.

  /// Total, start token and prompt included [20 tokens after the prompt].
  std::optional<int> max_length{};
  /// Generated only. Wins over max_length, even over the caller's if only the model sets this one.
  std::optional<int> max_new_tokens{};
  std::optional<int> min_length{};      ///< total [0]
  std::optional<int> min_new_tokens{};  ///< generated only; wins over min_length
  std::optional<int> num_beams{};       ///< 1 is greedy search, or sampling with do_sample [1]
  /// Beam search divides a finished sequence's log-probability by (generated tokens)^this [1].
  std::optional<float> length_penalty{};
  std::optional<EarlyStopping> early_stopping{};  ///< [heuristic]
  std::optional<int> num_return_sequences{};  ///< per image; in beam search at most num_beams [1]
  std::optional<float> repetition_penalty{};  ///< above 1 discourages repeating a token [1]
  std::optional<int> no_repeat_ngram_size{};  ///< no n-gram of this size twice; 0 is off [0]
  /// Token sequences that no text contains [none]: as soon as all of one but its last token is
  /// there, prompt included, that token is banned. A lone stop token is left out. A list, if there
  /// is one, is not empty. Of a word: its ids without special tokens.
  std::optional<std::vector<std::vector<TokenId>>> bad_words_ids{};
  std::optional<bool> do_sample{};     ///< [false]
  std::optional<float> temperature{};  ///< sampling only [1]
  std::optional<int> top_k{};          ///< sampling only; 0 is off [50]
  std::optional<float> top_p{};        ///< sampling only; in (0, 1]; 1 is off [1]
  /// Of the sampler: the same seed gives the same text, whatever the batch size [a new one every
  /// call].
  std::optional<std::uint64_t> seed{};
  /// Added to an image's index in the call when its random numbers are drawn, so that a list
  /// captioned in several calls gets the same texts however it is cut into batches [0].
  std::optional<std::uint64_t> image_offset{};
  /// Fill in GeneratedSequence::transition_scores, and its score in greedy search and sampling too
  /// [false].
  std::optional<bool> output_scores{};
};

/// One generated sequence.
struct GeneratedSequence {
  /// Start token and prompt, then what was generated, the stop token included if it was reached.
  /// Not padded.
  std::vector<TokenId> ids;
  /// Beam search: transformers' `sequences_scores`, the summed log-probability over
  /// (generated tokens)^length_penalty. Otherwise, with output_scores, the summed log-probability
  /// of the generated tokens under the processed scores (transformers'
  /// `compute_transition_scores(normalize_logits=True)`), else 0.
  float score = 0.0F;
  /// With output_scores: the log-probability of each generated token, the stop token included,
  /// under the processed scores of its step (transformers'
  /// `compute_transition_scores(normalize_logits=True)`). Else empty.
  std::vector<float> transition_scores{};

  /// Of the generated tokens together: the sum of transition_scores, 0 without them.
  [[nodiscard]] float log_probability() const {
    return static_cast<float>(
        std::accumulate(transition_scores.begin(), transition_scores.end(), 0.0));
  }
  /// Of a generated token on average, 0 without transition_scores.
  [[nodiscard]] float mean_log_probability() const {
    if (transition_scores.empty()) return 0.0F;
    return static_cast<float>(
        std::accumulate(transition_scores.begin(), transition_scores.end(), 0.0) /
        static_cast<double>(transition_scores.size()));
  }
};

/// A token that will not be taken back.
struct GeneratedToken {
  std::size_t image = 0;     ///< which of the call's images or questions
  std::size_t sequence = 0;  ///< which of its num_return_sequences
  TokenId token = 0;         ///< the stop token is the last one, if it was reached
};

/// How far a call is.
struct GenerationProgress {
  std::size_t steps = 0;     ///< times the decoder has run; none generates more tokens than that
  std::size_t finished = 0;  ///< of the call's images or questions
  std::size_t total = 0;
};

/// What a call does while it generates. All of it is optional. The functions are called on the
/// calling thread, between two steps of the decoder. What they throw ends the call.
struct GenerationCallbacks {
  // {}: without it, gcc's -Wextra warns callers about every field they leave out.

  /// Every generated token, the prompt not included, in the order of each sequence. Greedy search
  /// and sampling report a token as soon as it is chosen. Beam search may still change every token
  /// until an image is finished; it reports them then, the best sequence first. (transformers'
  /// streamers refuse beam search.)
  std::function<void(const GeneratedToken&)> on_token{};
  /// After every step of the decoder.
  std::function<void(const GenerationProgress&)> on_progress{};
  /// Looked at before every step of the decoder and before every token that is reported. The call
  /// then throws an Error with ErrorCode::cancelled.
  std::stop_token stop{};
};

}  // namespace blip
