#include "model/twin_cross_attention.hpp"

#include <algorithm>

#include "core/scratch.hpp"
#include "kernels/linear.hpp"

namespace blip {
namespace {

// Salesforce's nlvr_encoder gives every layer from the seventh on a merge_layer, however many there
// are; those before average.
constexpr int kFirstMergingLayer = 6;

TwinBranch load_branch(WeightLoader& loader, const BlipTextConfig& config,
                       const std::string& prefix, const std::string& number) {
  const std::int64_t hidden = config.hidden_size;
  const std::string self = prefix + "self" + number + ".";
  return {
      .query = loader.linear(self + "query", hidden, hidden, Int8Inputs::quantized),
      .key = loader.linear(self + "key", hidden, config.encoder_hidden_size, Int8Inputs::quantized),
      .value =
          loader.linear(self + "value", hidden, config.encoder_hidden_size, Int8Inputs::quantized),
      .output =
          loader.linear(prefix + "output.dense" + number, hidden, hidden, Int8Inputs::quantized)};
}

}  // namespace

std::vector<TwinCrossAttention> load_twin_cross_attention(WeightLoader& loader,
                                                          const BlipTextConfig& config,
                                                          const std::string& prefix) {
  const std::int64_t hidden = config.hidden_size;
  std::vector<TwinCrossAttention> layers;
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    const std::string block = prefix + "encoder.layer." + std::to_string(i) + ".crossattention.";
    TwinCrossAttention& layer = layers.emplace_back();
    layer.branches = {load_branch(loader, config, block, "0"),
                      load_branch(loader, config, block, "1")};
    if (i >= kFirstMergingLayer) {
      layer.merge =
          loader.linear(block + "output.merge_layer", hidden, 2 * hidden, Int8Inputs::quantized);
    }
    layer.layer_norm = loader.layer_norm(block + "output.LayerNorm", hidden, config.layer_norm_eps);
  }
  return layers;
}

std::vector<CrossAttentionCache> attend_to_twin(std::span<const TwinCrossAttention> layers,
                                                std::size_t branch, const float* states,
                                                std::span<const std::int64_t> lengths,
                                                std::int64_t heads, Context& context) {
  std::vector<CrossAttentionProjection> projections;
  projections.reserve(layers.size());
  for (const TwinCrossAttention& layer : layers) {
    projections.push_back({&layer.branches.at(branch).key, &layer.branches.at(branch).value});
  }
  return make_cross_attention_caches(projections, states, lengths, heads, context);
}

void twin_cross_attention_block(const TwinCrossAttention& block, const BlipTextConfig& config,
                                std::int64_t layer,
                                std::array<std::span<const CrossAttentionRows>, 2> groups,
                                std::int64_t rows, float* x, Context& context) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t heads = config.num_attention_heads;
  const auto size = static_cast<std::size_t>(rows * hidden);
  auto* query = context.scratch().allocate<float>(size);
  auto* attended = context.scratch().allocate<float>(size);
  std::array<float*, 2> outputs{};
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const TwinBranch& branch = block.branches[i];
    outputs[i] = context.scratch().allocate<float>(size);
    linear(x, rows, branch.query, query, context);
    cross_attention(layer, groups[i], heads, hidden / heads, query, attended, context);
    linear(attended, rows, branch.output, outputs[i], context);
  }

  float* sum = query;
  if (block.merge) {
    auto* pairs = context.scratch().allocate<float>(2 * size);  // [rows, 2H]
    for (std::int64_t row = 0; row < rows; ++row) {
      float* pair = pairs + row * 2 * hidden;
      std::copy_n(outputs[0] + row * hidden, hidden, pair);
      std::copy_n(outputs[1] + row * hidden, hidden, pair + hidden);
    }
    linear(pairs, rows, *block.merge, sum, context, Epilogue::bias_residual, x);
  } else {
    for (std::size_t i = 0; i < size; ++i) sum[i] = (outputs[0][i] + outputs[1][i]) / 2 + x[i];
  }
  layer_norm(sum, block.layer_norm, rows, hidden, x);
}

}  // namespace blip
