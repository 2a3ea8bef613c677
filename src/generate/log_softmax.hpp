// log_softmax, as torch does it in float32: x - max - log(sum(exp(x - max))).
#pragma once

#include <span>

namespace blip {

struct LogNormalizer {
  float maximum = 0.0F;
  float log_sum = 0.0F;  ///< log(sum(exp(x - maximum)))
};

/// logits: [vocab_size], not empty. NaN anywhere makes log_sum NaN.
[[nodiscard]] LogNormalizer log_normalizer(std::span<const float> logits);

/// The same of scores some of which are banned, -inf, and count for nothing. scores: [vocab_size],
/// not empty, without NaN and +inf
[[nodiscard]] LogNormalizer masked_log_normalizer(std::span<const float> scores);

/// logits: [vocab_size] → out: [vocab_size]; may be the same memory. Throws malformed when the
/// logits do not form a distribution (NaN or infinity): only damaged weights do that.
void log_softmax(std::span<const float> logits, std::span<float> out);

}  // namespace blip
