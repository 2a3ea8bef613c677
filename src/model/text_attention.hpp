// Self-attention within texts of any lengths, one after the other and without padding.
#pragma once

#include <cstdint>
#include <span>

#include "architectures/text_transformer.hpp"
#include "blip/context.hpp"

namespace blip {

/// Each [rows, heads * head_size], `stride` floats from row to row.
struct TextProjections {
  const float* query = nullptr;
  const float* key = nullptr;
  const float* value = nullptr;
  std::int64_t stride = 0;
};

struct TextHeads {
  std::int64_t count = 0;
  std::int64_t size = 0;
};

/// lengths: tokens of each text, at least one, which together are the rows → out: [rows, heads *
/// head_size]
void attend_within_texts(const TextHeads& heads, std::span<const std::int64_t> lengths,
                         TextMask mask, const TextProjections& projections, float* out,
                         Context& context);

}  // namespace blip
