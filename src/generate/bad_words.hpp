// BadWords: token sequences that are never completed, transformers' `bad_words_ids`.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "blip/tokenizer.hpp"

namespace blip {

class BadWords {
 public:
  /// As transformers' NoBadWordsLogitsProcessor, which leaves out a lone `stop_token_id` and empty
  /// sequences. Throws invalid_argument if there is no sequence, or for an id outside the
  /// vocabulary.
  BadWords(std::span<const std::vector<TokenId>> sequences, TokenId stop_token_id, int vocab_size);

  /// Bans (-inf) each token that would complete a sequence at the end of `ids`, which include the
  /// prompt. scores: [vocab_size]
  void ban(std::span<float> scores, std::span<const TokenId> ids) const;

 private:
  std::vector<TokenId> single_;  // sequences of one token
  // Longer ones, by their last token but one: what the text must end with.
  std::unordered_map<TokenId, std::vector<std::vector<TokenId>>> longer_;
};

}  // namespace blip
