// PanelAttentionPart: the part of an attention over token panels that one call of a kernel
// computes.
#pragma once

#include <cstddef>

namespace blip {

/// Some panels of queries of one head against all keys of an image.
struct PanelAttentionPart {
  const float* queries = nullptr;  // [query_panels] of [D, 16], `panel_step` floats apart
  const float* keys = nullptr;     // [key_panels], the same
  const float* values = nullptr;   // [key_panels], the same
  std::size_t panel_step = 0;
  std::size_t query_panels = 0;
  std::size_t key_panels = 0;
  std::size_t tokens = 0;  // keys that there are, the rest of the last panel is padding
  std::size_t head_size = 0;
  float scale = 1.0F;
  float* out = nullptr;  // [query_panels] of [D, 16], `out_step` floats apart
  std::size_t out_step = 0;
};

}  // namespace blip
