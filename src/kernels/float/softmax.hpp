// Softmax over the last dimension, of scaled scores.
#pragma once

#include <cstdint>

namespace blip {

/// scores: [count, N] with `stride` floats from row to row → softmax(scores * scale), in place
void softmax_rows(float* scores, std::int64_t count, std::int64_t n, std::int64_t stride,
                  float scale);

}  // namespace blip
