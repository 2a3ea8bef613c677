// The twin cross-attention of NLVR2's text encoder: every layer reads two images and merges them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "blip/context.hpp"
#include "kernels/float/layer_norm.hpp"
#include "kernels/layout/weight_matrix.hpp"
#include "model/cross_attention.hpp"
#include "model/weight_loader.hpp"

namespace blip {

/// One of the two: `crossattention.self0` with `output.dense0`, or the same with 1.
struct TwinBranch {
  Linear query;   // [H, H]
  Linear key;     // [H, E]
  Linear value;   // [H, E]
  Linear output;  // [H, H]
};

struct TwinCrossAttention {
  std::array<TwinBranch, 2> branches;
  /// [H, 2H]; without it, the branches' outputs are averaged.
  std::optional<Linear> merge;
  LayerNorm layer_norm;
};

/// Those of all layers, under `prefix` ("text_encoder.").
std::vector<TwinCrossAttention> load_twin_cross_attention(WeightLoader& loader,
                                                          const BlipTextConfig& config,
                                                          const std::string& prefix);

/// Keys and values of branch `branch` (0 left, 1 right) for the states [sum of lengths, E].
std::vector<CrossAttentionCache> attend_to_twin(std::span<const TwinCrossAttention> layers,
                                                std::size_t branch, const float* states,
                                                std::span<const std::int64_t> lengths,
                                                std::int64_t heads, Context& context);

/// x: [rows, H] → x: the block of one layer, residual and layer norm included
void twin_cross_attention_block(const TwinCrossAttention& block, const BlipTextConfig& config,
                                std::int64_t layer,
                                std::array<std::span<const CrossAttentionRows>, 2> groups,
                                std::int64_t rows, float* x, Context& context);

}  // namespace blip
