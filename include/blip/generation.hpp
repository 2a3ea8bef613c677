// How text is generated: transformers' GenerationConfig, by the same names.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "blip/tokenizer.hpp"

namespace blip {

/// When beam search may stop (transformers' `early_stopping`: False, True, "never").
enum class EarlyStopping {
  heuristic,   ///< False: when no running beam is likely to beat the worst finished one
  when_full,   ///< True: as soon as num_beams finished candidates exist
  never,       ///< "never": when no running beam can possibly beat it
};

/// Every field is optional: what is not set comes from the model's generation configuration, and
/// from `GenerationDefaults` where that is silent too. Lengths count tokens.
struct GenerationOptions {
  std::optional<int> max_length;      ///< total, start token and prompt included
  std::optional<int> max_new_tokens;  ///< generated only; wins over max_length
  std::optional<int> min_length;      ///< total
  std::optional<int> min_new_tokens;  ///< generated only; wins over min_length
  std::optional<int> num_beams;
  std::optional<float> length_penalty;
  std::optional<EarlyStopping> early_stopping;
  std::optional<int> num_return_sequences;
  std::optional<float> repetition_penalty;
  std::optional<int> no_repeat_ngram_size;
  std::optional<bool> do_sample;
  std::optional<float> temperature;
  std::optional<int> top_k;  ///< 0 turns it off
  std::optional<float> top_p;
  std::optional<std::uint64_t> seed;  ///< of the sampler; the same seed gives the same text
};

/// One generated sequence.
struct GeneratedSequence {
  /// Start token and prompt, then what was generated, the stop token included if it was reached.
  /// Not padded.
  std::vector<TokenId> ids;
  /// Beam search: transformers' `sequences_scores`. Otherwise the summed log-probability of the
  /// generated tokens if it was asked for, else 0.
  float score = 0.0F;
};

}  // namespace blip
