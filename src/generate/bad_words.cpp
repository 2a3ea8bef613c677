#include "generate/bad_words.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>

#include "blip/error.hpp"

namespace blip {
namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

void require_tokens(const std::vector<TokenId>& sequence, int vocab_size) {
  for (const TokenId id : sequence) {
    if (id >= 0 && id < vocab_size) continue;
    throw Error(ErrorCode::invalid_argument, "bad_words_ids holds token id " + std::to_string(id) +
                                                 ", outside the model's vocabulary of " +
                                                 std::to_string(vocab_size));
  }
}

}  // namespace

BadWords::BadWords(std::span<const std::vector<TokenId>> sequences, TokenId stop_token_id,
                   int vocab_size) {
  if (sequences.empty()) {
    throw Error(ErrorCode::invalid_argument, "bad_words_ids holds no sequence");
  }
  for (const std::vector<TokenId>& sequence : sequences) {
    require_tokens(sequence, vocab_size);
    if (sequence.size() > 1) {
      longer_[sequence[sequence.size() - 2]].push_back(sequence);
    } else if (!sequence.empty() && sequence.front() != stop_token_id) {
      single_.push_back(sequence.front());
    }
  }
}

void BadWords::ban(std::span<float> scores, std::span<const TokenId> ids) const {
  for (const TokenId id : single_) scores[static_cast<std::size_t>(id)] = kForbidden;
  if (ids.empty()) return;
  const auto found = longer_.find(ids.back());
  if (found == longer_.end()) return;
  for (const std::vector<TokenId>& sequence : found->second) {
    const std::span beginning(sequence.data(), sequence.size() - 1);
    if (beginning.size() > ids.size()) continue;
    if (std::equal(beginning.begin(), beginning.end(), ids.last(beginning.size()).begin())) {
      scores[static_cast<std::size_t>(sequence.back())] = kForbidden;
    }
  }
}

}  // namespace blip
