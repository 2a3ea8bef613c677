// AttentionShape: the sizes of a self-attention over token panels.
#pragma once

#include <cstdint>

#include "kernels/layout/divide_up.hpp"
#include "kernels/layout/panels.hpp"

namespace blip {

/// The shapes of an attention over the panels of a batch of images.
struct AttentionShape {
  std::int64_t batch = 0;
  std::int64_t tokens = 0;  // of an image
  std::int64_t heads = 0;
  std::int64_t head_size = 0;

  [[nodiscard]] std::int64_t panels() const { return panel_count(tokens); }
  [[nodiscard]] std::int64_t padded_tokens() const { return panels() * kPanelTokens; }
  /// Keys in rows that AMX reads whole.
  [[nodiscard]] std::int64_t value_stride() const { return round_up(padded_tokens(), 64); }
};

}  // namespace blip
