#include "model/cross_attention_cache.hpp"

#include <algorithm>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/attention.hpp"
#include "kernels/linear.hpp"

namespace blip {

CrossAttentionCache::CrossAttentionCache(std::span<const CrossAttentionProjection> layers,
                                         const float* states, std::int64_t images,
                                         std::int64_t tokens, std::int64_t heads, Context& context)
    : images_(images),
      tokens_(tokens),
      heads_(heads),
      head_size_(layers.empty() ? 0 : layers.front().key->weight.rows / heads),
      stride_((tokens + kKeyPadding - 1) / kKeyPadding * kKeyPadding) {
  const std::int64_t floats =
      static_cast<std::int64_t>(layers.size()) * images * heads * (stride_ + tokens) * head_size_;
  memory_ = allocate_aligned(static_cast<std::size_t>(floats) * sizeof(float));

  const Scratch::Frame frame(context.scratch());
  const std::int64_t rows = images * tokens;
  const auto size = static_cast<std::size_t>(rows * heads * head_size_);
  float* keys = context.scratch().allocate<float>(size);
  float* values = context.scratch().allocate<float>(size);
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    linear(states, rows, *layers[layer].key, keys, context);
    linear(states, rows, *layers[layer].value, values, context);
    context.threads().parallel_for(
        static_cast<std::size_t>(images * heads), [&](std::size_t task, int) {
          const auto image = static_cast<std::int64_t>(task) / heads;
          const auto head = static_cast<std::int64_t>(task) % heads;
          store_head(keys, values, static_cast<std::int64_t>(layer), image, head);
        });
  }
}

// keys, values: [images, N, heads, D] → this head's block
void CrossAttentionCache::store_head(const float* keys, const float* values, std::int64_t layer,
                                     std::int64_t image, std::int64_t head) {
  const std::int64_t row = heads_ * head_size_;
  const std::int64_t offset = image * tokens_ * row + head * head_size_;
  float* key_out = block(layer, image, head);
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

}  // namespace blip
