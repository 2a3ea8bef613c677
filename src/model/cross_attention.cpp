#include "model/cross_attention.hpp"

#include <algorithm>
#include <cmath>

#include "core/thread_memory.hpp"
#include "core/thread_pool.hpp"
#include "kernels/attention.hpp"
#include "kernels/gemm.hpp"
#include "kernels/linear.hpp"
#include "kernels/softmax.hpp"

namespace blip {
namespace {

// Scores of a block, 64 × 592 floats for 577 image tokens, stay in a second-level cache of 256 KiB.
constexpr std::int64_t kRowsPerBlock = 64;
// Fewer rows are faster one by one than through a matrix product (bench/cross_attention.cpp).
constexpr std::int64_t kRowsForProduct = 3;

std::vector<CrossAttentionRows> cut_into_blocks(std::span<const CrossAttentionRows> groups) {
  std::vector<CrossAttentionRows> blocks;
  for (const CrossAttentionRows& group : groups) {
    for (std::int64_t done = 0; done < group.count; done += kRowsPerBlock) {
      blocks.push_back(
          {group.cache, group.first + done, std::min(kRowsPerBlock, group.count - done)});
    }
  }
  return blocks;
}

}  // namespace

std::vector<CrossAttentionRows> group_by_cache(std::span<const std::int64_t> lengths,
                                               std::span<const CrossAttentionCache* const> caches) {
  std::vector<CrossAttentionRows> groups;
  std::int64_t first = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (!groups.empty() && groups.back().cache == caches[i]) {
      groups.back().count += lengths[i];
    } else {
      groups.push_back({caches[i], first, lengths[i]});
    }
    first += lengths[i];
  }
  return groups;
}

void cross_attention(std::int64_t layer, std::span<const CrossAttentionRows> groups,
                     std::int64_t heads, std::int64_t head_size, const float* query, float* out,
                     Context& context) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = heads * head_size;
  const std::vector<CrossAttentionRows> blocks = cut_into_blocks(groups);
  std::int64_t most_scores = 0;
  for (const CrossAttentionRows& block : blocks) {
    most_scores = std::max(most_scores, block.cache->stride() * block.count);
  }
  const auto memory = allocate_for_threads<float>(context, most_scores);
  const float scale = 1.0F / std::sqrt(static_cast<float>(head_size));

  // Head by head, so that the keys and values of one are read by all blocks while they are in
  // cache.
  const std::size_t tasks = static_cast<std::size_t>(heads) * blocks.size();
  context.threads().parallel_for(tasks, [&](std::size_t task, int thread) {
    const CrossAttentionRows& block = blocks[task % blocks.size()];
    const auto head = static_cast<std::int64_t>(task / blocks.size());
    const CrossAttentionCache& cache = *block.cache;
    const float* keys = cache.keys(layer, head);
    const float* values = cache.values(layer, head);
    float* scores = memory[static_cast<std::size_t>(thread)];
    const std::int64_t start = block.first * hidden + head * head_size;
    if (block.count < kRowsForProduct) {
      for (std::int64_t row = 0; row < block.count; ++row) {
        attend_transposed(query + start + row * hidden, keys, values, cache.tokens(),
                          cache.stride(), head_size, scores, out + start + row * hidden);
      }
      return;
    }
    multiply({query + start, hidden}, {keys, cache.stride()}, scores, cache.stride(), block.count,
             cache.tokens(), head_size);
    softmax_rows(scores, block.count, cache.tokens(), cache.stride(), scale);
    multiply({scores, cache.stride()}, {values, head_size}, out + start, hidden, block.count,
             head_size, cache.tokens());
  });
}

void cross_attention_block(const TextModel& model, std::int64_t layer,
                           std::span<const CrossAttentionRows> groups, std::int64_t rows, float* x,
                           Context& context) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = model.config.hidden_size;
  const std::int64_t heads = model.config.num_attention_heads;
  const AttentionBlock& block = model.layers[static_cast<std::size_t>(layer)].crossattention;
  const auto size = static_cast<std::size_t>(rows * hidden);
  auto* query = context.scratch().allocate<float>(size);
  auto* attended = context.scratch().allocate<float>(size);
  linear(x, rows, block.query, query, context);
  cross_attention(layer, groups, heads, hidden / heads, query, attended, context);
  linear(attended, rows, block.output, query, context, Epilogue::bias_residual, x);
  layer_norm(query, block.layer_norm, rows, hidden, x);
}

}  // namespace blip
