#include "model/cross_attention_cache.hpp"

#include <algorithm>
#include <array>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/attention.hpp"
#include "kernels/linear.hpp"

namespace blip {

CrossAttentionCache::CrossAttentionCache(std::int64_t layers, std::int64_t tokens,
                                         std::int64_t heads, std::int64_t head_size)
    : tokens_(tokens),
      heads_(heads),
      head_size_(head_size),
      stride_((tokens + kKeyPadding - 1) / kKeyPadding * kKeyPadding),
      memory_(allocate_aligned(
          static_cast<std::size_t>(layers * heads * (stride_ + tokens) * head_size) *
          sizeof(float))) {}

void CrossAttentionCache::store_head(const float* keys, const float* values, std::int64_t layer,
                                     std::int64_t head) {
  const std::int64_t row = heads_ * head_size_;
  const std::int64_t offset = head * head_size_;
  float* key_out = block(layer, head);
  float* value_out = key_out + head_size_ * stride_;
  for (std::int64_t token = 0; token < tokens_; ++token) {
    const float* key = keys + offset + token * row;
    for (std::int64_t c = 0; c < head_size_; ++c) key_out[c * stride_ + token] = key[c];
    std::copy_n(values + offset + token * row, head_size_, value_out + token * head_size_);
  }
  for (std::int64_t c = 0; c < head_size_; ++c) {
    std::fill(key_out + c * stride_ + tokens_, key_out + (c + 1) * stride_, 0.0F);
  }
}

std::vector<CrossAttentionCache> make_cross_attention_caches(
    std::span<const CrossAttentionProjection> layers, const float* states,
    std::span<const std::int64_t> lengths, std::int64_t heads, Context& context) {
  const std::int64_t hidden = layers.empty() ? 0 : layers.front().key->weight.rows;
  std::vector<CrossAttentionCache> caches;
  std::vector<std::int64_t> starts;
  std::int64_t rows = 0;
  for (const std::int64_t length : lengths) {
    caches.emplace_back(static_cast<std::int64_t>(layers.size()), length, heads, hidden / heads);
    starts.push_back(rows * hidden);
    rows += length;
  }

  const Scratch::Frame frame(context.scratch());
  auto* keys = context.scratch().allocate<float>(static_cast<std::size_t>(rows * hidden));
  auto* values = context.scratch().allocate<float>(static_cast<std::size_t>(rows * hidden));
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    const std::array<LinearOutput, 2> projections = {
        {{layers[layer].key, keys}, {layers[layer].value, values}}};
    linear(states, rows, projections, context);
    const std::size_t tasks = caches.size() * static_cast<std::size_t>(heads);
    context.threads().parallel_for(tasks, [&](std::size_t task, int) {
      const std::size_t index = task / static_cast<std::size_t>(heads);
      const auto head = static_cast<std::int64_t>(task) % heads;
      caches[index].store_head(keys + starts[index], values + starts[index],
                               static_cast<std::int64_t>(layer), head);
    });
  }
  return caches;
}

}  // namespace blip
