// Parts of an int8 attention that one call of a kernel computes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blip {

/// One panel of keys or of values of one head, [D, 16] float32, on its way to int8.
struct HeadPanel {
  const float* x = nullptr;
  std::size_t head_size = 0;
  std::int8_t* out = nullptr;  // keys: [16, D]; values: [D] rows, `out_step` bytes apart
  std::size_t out_step = 0;
  float* scales = nullptr;  // [16]
  float* sums = nullptr;    // [16], of keys
};

/// One panel of queries' scores on their way to probabilities.
struct ScorePanel {
  std::int32_t* sums = nullptr;           // [keys, 16]; overwritten
  std::size_t keys = 0;                   // that there are
  std::size_t padded_keys = 0;            // that probabilities are wanted of, a multiple of 4
  const float* steps = nullptr;           // [16], of the queries
  const float* offsets = nullptr;         // [16]
  const float* key_scales = nullptr;      // [keys]
  const float* key_sums = nullptr;        // [keys]
  const float* value_ratios = nullptr;    // [keys]: a value's scale by the largest of them
  float scale = 1.0F;                     // 1 / sqrt(D)
  std::uint8_t* probabilities = nullptr;  // [padded_keys / 4, 16, 4]
  float* inverse_sums = nullptr;          // [16]
};

/// One panel of queries' results.
struct ResultPanel {
  const std::int32_t* sums = nullptr;  // [D, 16]
  std::size_t head_size = 0;
  const float* inverse_sums = nullptr;  // [16]
  float scale = 1.0F;                   // of the values, by what a probability is stored as
  float* out = nullptr;                 // [D, 16]
};

}  // namespace blip
