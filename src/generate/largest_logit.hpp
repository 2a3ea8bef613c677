// What greedy search reads of a row of logits, and the check that all searches make.
#pragma once

#include <span>

#include "blip/error.hpp"
#include "blip/tokenizer.hpp"

namespace blip {

/// malformed: only damaged weights make such logits.
[[nodiscard]] Error damaged_logits();

/// Throws damaged_logits() if any of logits: [vocab_size], not empty, is NaN or infinity.
void require_finite(std::span<const float> logits);

/// The first maximum, as torch.argmax. Scores may be -inf, where a token is banned; if all are, it
/// is 0, as torch's. scores: [vocab_size], not empty, without NaN
[[nodiscard]] TokenId first_maximum(std::span<const float> scores);

}  // namespace blip
