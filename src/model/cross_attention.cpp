#include "model/cross_attention.hpp"

#include <algorithm>
#include <cmath>

#include "core/thread_memory.hpp"
#include "core/thread_pool.hpp"
#include "kernels/float/decode_attention.hpp"
#include "kernels/float/gemm.hpp"
#include "kernels/float/softmax.hpp"
#include "kernels/layout/convert.hpp"

namespace blip {
namespace {

// Scores of a block, 64 × 592 floats for 577 image tokens, stay in a second-level cache of 256 KiB.
constexpr std::int64_t kRowsPerBlock = 64;
// Fewer rows are faster without a matrix product (bench/cross_attention.cpp).
constexpr std::int64_t kRowsForProduct = 8;

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

CachedHead head_as_f32(const CachedHead& head, float* wide) {
  if (head.format == WeightFormat::f32) return head;
  const std::int64_t key_count = head.head_size * head.stride;
  const std::int64_t value_count = head.tokens * head.head_size;
  convert_to_f32(head.keys, head.format, static_cast<std::size_t>(key_count), wide);
  convert_to_f32(head.values, head.format, static_cast<std::size_t>(value_count), wide + key_count);
  CachedHead floats = head;
  floats.format = WeightFormat::f32;
  floats.keys = wide;
  floats.values = wide + key_count;
  return floats;
}

void attend_by_products(const CachedHead& stored, const float* query, std::int64_t rows,
                        std::int64_t row_step, float* probabilities, float* wide, float* out) {
  const CachedHead head = head_as_f32(stored, wide);
  multiply({query, row_step}, {static_cast<const float*>(head.keys), head.stride}, probabilities,
           head.stride, rows, head.tokens, head.head_size);
  softmax_rows(probabilities, rows, head.tokens, head.stride,
               1.0F / std::sqrt(static_cast<float>(head.head_size)));
  multiply({probabilities, head.stride}, {static_cast<const float*>(head.values), head.head_size},
           out, row_step, rows, head.head_size, head.tokens);
}

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
  std::int64_t most_wide = 0;
  for (const CrossAttentionRows& block : blocks) {
    const std::int64_t stride = block.cache->stride();
    most_scores = std::max(most_scores, stride * std::max(block.count, kCachedScores));
    const bool widens =
        block.count >= kRowsForProduct && block.cache->head(layer, 0).format != WeightFormat::f32;
    if (widens) most_wide = std::max(most_wide, 2 * stride * head_size);
  }
  const auto memory = allocate_for_threads<float>(context, most_scores + most_wide);

  // Head by head, so that the keys and values of one are read by all blocks while they are in
  // cache.
  const std::size_t tasks = static_cast<std::size_t>(heads) * blocks.size();
  context.threads().parallel_for(tasks, [&](std::size_t task, int thread) {
    const CrossAttentionRows& block = blocks[task % blocks.size()];
    const auto head = static_cast<std::int64_t>(task / blocks.size());
    const CachedHead cached = block.cache->head(layer, head);
    float* scores = memory[static_cast<std::size_t>(thread)];
    const std::int64_t start = block.first * hidden + head * head_size;
    if (block.count < kRowsForProduct) {
      attend_cached(cached, query + start, block.count, hidden, scores, out + start);
    } else {
      attend_by_products(cached, query + start, block.count, hidden, scores, scores + most_scores,
                         out + start);
    }
  });
}

void cross_attention_block(const TextModel& model, std::int64_t layer,
                           std::span<const CrossAttentionRows> groups, std::int64_t rows, float* x,
                           Context& context, RowProduct kernel) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = model.config.hidden_size;
  const std::int64_t heads = model.config.num_attention_heads;
  const AttentionBlock& block = model.layers[static_cast<std::size_t>(layer)].crossattention;
  const auto size = static_cast<std::size_t>(rows * hidden);
  auto* query = context.scratch().allocate<float>(size);
  auto* attended = context.scratch().allocate<float>(size);
  linear(x, rows, block.query, query, context, Epilogue::bias, nullptr, kernel);
  cross_attention(layer, groups, heads, hidden / heads, query, attended, context);
  linear(attended, rows, block.output, query, context, Epilogue::bias_residual, x, kernel);
  layer_norm(query, block.layer_norm, rows, hidden, x);
}

}  // namespace blip
