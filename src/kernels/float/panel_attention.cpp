#include "kernels/float/panel_attention.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/layout/panels.hpp"

// Once for all instruction sets, for each of which Highway includes this file again.
#ifndef BLIP_KERNELS_PANEL_ATTENTION_PART
#define BLIP_KERNELS_PANEL_ATTENTION_PART

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

#endif  // BLIP_KERNELS_PANEL_ATTENTION_PART

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/float/panel_attention.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "kernels/float/panel_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

// scores[panel][key][query] = key · query, of all keys of the panels.
void multiply_keys(const PanelAttentionPart& part, float* scores) {
  const PanelTag d;
  const std::size_t score_step = part.key_panels * kTokens * kTokens;
  for (std::size_t key_panel = 0; key_panel < part.key_panels; ++key_panel) {
    const float* keys = part.keys + key_panel * part.panel_step;
    for_each_tile(
        kTokens, part.query_panels,
        [&](auto rows, auto panels, std::size_t row, std::size_t panel) HWY_ATTR {
          TileSums<rows, panels> sums;
          for (auto& all : sums) {
            for (auto& sum : all) sum = hn::Zero(d);
          }
          add_terms<rows, panels>(
              sums,
              {keys + row, 1, kTokens, part.queries + panel * part.panel_step, part.panel_step},
              part.head_size);
          float* out = scores + panel * score_step + (key_panel * kTokens + row) * kTokens;
          for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t p = 0; p < panels; ++p) {
              for (std::size_t v = 0; v < kVectors; ++v) {
                hn::Store(sums[r][p * kVectors + v], d,
                          out + p * score_step + r * kTokens + v * kLanes);
              }
            }
          }
        });
  }
}

// scores: [keys, 16] of one panel of queries → exp((score - largest) * scale), zero past the last
// key; sums: [16] of what they add up to.
HWY_INLINE void exponentiate(float* scores, std::size_t keys, std::size_t padded, float scale,
                             float* inverse_sums) {
  const PanelTag d;
  for (std::size_t lane = 0; lane < kTokens; lane += kLanes) {
    float* column = scores + lane;
    auto largest = hn::Load(d, column);
    for (std::size_t key = 1; key < keys; ++key) {
      largest = hn::Max(largest, hn::Load(d, column + key * kTokens));
    }
    const auto scales = hn::Set(d, scale);
    auto sum = hn::Zero(d);
    for (std::size_t key = 0; key < keys; ++key) {
      const auto score = hn::Load(d, column + key * kTokens);
      // The scale is positive, so the largest score stays the largest.
      const auto power = hn::Exp(d, hn::Mul(hn::Sub(score, largest), scales));
      hn::Store(power, d, column + key * kTokens);
      sum = hn::Add(sum, power);
    }
    for (std::size_t key = keys; key < padded; ++key) {
      hn::Store(hn::Zero(d), d, column + key * kTokens);
    }
    hn::Store(hn::Div(hn::Set(d, 1.0F), sum), d, inverse_sums + lane);
  }
}

// out[panel][c][query] = Σ value[key][c] · score[key][query] · inverse_sums[query]
void multiply_values(const PanelAttentionPart& part, const float* scores,
                     const float* inverse_sums) {
  const PanelTag d;
  const std::size_t score_step = part.key_panels * kTokens * kTokens;
  for_each_tile(
      part.head_size, part.query_panels,
      [&](auto rows, auto panels, std::size_t row, std::size_t panel) HWY_ATTR {
        TileSums<rows, panels> sums;
        for (auto& all : sums) {
          for (auto& sum : all) sum = hn::Zero(d);
        }
        for (std::size_t key_panel = 0; key_panel < part.key_panels; ++key_panel) {
          add_terms<rows, panels>(
              sums,
              {part.values + key_panel * part.panel_step + row * kTokens, kTokens, 1,
               scores + panel * score_step + key_panel * kTokens * kTokens, score_step},
              kTokens);
        }
        for (std::size_t r = 0; r < rows; ++r) {
          for (std::size_t p = 0; p < panels; ++p) {
            for (std::size_t v = 0; v < kVectors; ++v) {
              const auto inverse = hn::Load(d, inverse_sums + (panel + p) * kTokens + v * kLanes);
              hn::Store(hn::Mul(sums[r][p * kVectors + v], inverse), d,
                        part.out + (panel + p) * part.out_step + (row + r) * kTokens + v * kLanes);
            }
          }
        }
      });
}

void attend_panels(const PanelAttentionPart& part, float* scores, float* inverse_sums) {
  const std::size_t padded = part.key_panels * kTokens;
  multiply_keys(part, scores);
  for (std::size_t panel = 0; panel < part.query_panels; ++panel) {
    exponentiate(scores + panel * padded * kTokens, part.tokens, padded, part.scale,
                 inverse_sums + panel * kTokens);
  }
  multiply_values(part, scores, inverse_sums);
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {

HWY_EXPORT(attend_panels);

// Queries that share a pass over the keys: 48 × 592 scores are 114 KB, which stay in a second-level
// cache between the two products, and three panels are a whole tile of AVX-512.
constexpr std::int64_t kQueryPanels = 3;

}  // namespace

void panel_attention(const float* qkv, const AttentionShape& shape, float* out, Context& context) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t panels = shape.panels();
  const std::int64_t heads = shape.heads;
  const std::int64_t head_size = shape.head_size;
  const std::int64_t panel_size = heads * head_size * kPanelTokens;
  const std::int64_t groups = divide_up(panels, kQueryPanels);
  struct Memory {
    float* scores;
    float* inverse_sums;
  };
  std::vector<Memory> memory(static_cast<std::size_t>(context.num_threads()));
  for (Memory& own : memory) {
    const std::int64_t queries = kQueryPanels * kPanelTokens;
    own.scores = context.scratch().allocate<float>(
        static_cast<std::size_t>(queries * panels * kPanelTokens));
    own.inverse_sums = context.scratch().allocate<float>(static_cast<std::size_t>(queries));
  }
  const std::int64_t tasks = shape.batch * heads * groups;
  context.threads().parallel_for(static_cast<std::size_t>(tasks), [&](std::size_t index,
                                                                      int thread) {
    const auto task = static_cast<std::int64_t>(index);
    const std::int64_t image = task / (heads * groups);
    const std::int64_t head = task / groups % heads;
    const std::int64_t first = task % groups * kQueryPanels;
    const float* start = qkv + image * panels * 3 * panel_size + head * head_size * kPanelTokens;
    const PanelAttentionPart part{
        .queries = start + first * 3 * panel_size,
        .keys = start + panel_size,
        .values = start + 2 * panel_size,
        .panel_step = static_cast<std::size_t>(3 * panel_size),
        .query_panels = static_cast<std::size_t>(std::min(kQueryPanels, panels - first)),
        .key_panels = static_cast<std::size_t>(panels),
        .tokens = static_cast<std::size_t>(shape.tokens),
        .head_size = static_cast<std::size_t>(head_size),
        .scale = 1.0F / std::sqrt(static_cast<float>(head_size)),
        .out = out + (image * panels + first) * panel_size + head * head_size * kPanelTokens,
        .out_step = static_cast<std::size_t>(panel_size),
    };
    const Memory& own = memory[static_cast<std::size_t>(thread)];
    HWY_DYNAMIC_DISPATCH(attend_panels)(part, own.scores, own.inverse_sums);
  });
}

}  // namespace blip
#endif  // HWY_ONCE
