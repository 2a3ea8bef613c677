// GenerationSettings: what the loops read, once the caller's options, the model's generation
// configuration and transformers' global defaults have been laid over each other and checked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "blip/generation.hpp"
#include "blip/tokenizer.hpp"
#include "generate/bad_words.hpp"

namespace blip {

/// What generation needs to know of a decoder besides how to run it.
struct DecoderTraits {
  TokenId stop_token_id = 102;  ///< BLIP stops at text_config.sep_token_id, not at eos_token_id
  int vocab_size = 0;
  int max_position_embeddings = 512;
};

/// Every number is checked. Fractions are double because transformers computes with Python floats.
struct GenerationSettings {
  // Lengths stay as rules: the rows of a batch may have prompts of different length. See
  // limits_for.
  std::optional<int> max_length;      // total; unset: kDefaultNewTokens after the prompt
  std::optional<int> max_new_tokens;  // wins over max_length
  bool max_is_the_callers = false;    // a maximum beyond the position embeddings is then an error
  int min_length = 0;                 // total
  std::optional<int> min_new_tokens;  // wins over min_length

  int num_beams = 1;
  double length_penalty = 1.0;
  EarlyStopping early_stopping = EarlyStopping::heuristic;
  int num_return_sequences = 1;
  double repetition_penalty = 1.0;
  int no_repeat_ngram_size = 0;               // 0: off
  std::shared_ptr<const BadWords> bad_words;  // null: none

  bool do_sample = false;
  double temperature = 1.0;
  int top_k = 50;      // 0: off
  double top_p = 1.0;  // 1: off
  std::uint64_t seed = 0;
  std::uint64_t image_offset = 0;
  bool output_scores = false;

  TokenId stop_token_id = 102;
  int vocab_size = 0;
  int max_position_embeddings = 512;
};

/// The lengths of one sequence, prompt included.
struct SequenceLimits {
  int prompt_length = 0;
  int min_length = 0;  ///< the stop token is banned while the sequence is shorter
  int max_length = 0;  ///< generation ends when the sequence is this long
};

/// `caller` over `model` over transformers' defaults, field by field. Throws invalid_argument or
/// limit_exceeded, naming the option.
[[nodiscard]] GenerationSettings resolve_settings(const GenerationOptions& model,
                                                  const GenerationOptions& caller,
                                                  const DecoderTraits& decoder);

/// Throws invalid_argument when a prompt of this length leaves no room to generate.
[[nodiscard]] SequenceLimits limits_for(const GenerationSettings& settings, int prompt_length);

}  // namespace blip
