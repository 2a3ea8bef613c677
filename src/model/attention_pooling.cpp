#include "model/attention_pooling.hpp"

#include <algorithm>
#include <cmath>

#include "core/scratch.hpp"
#include "core/thread_memory.hpp"
#include "core/thread_pool.hpp"
#include "kernels/float/gemm.hpp"
#include "kernels/float/softmax.hpp"
#include "model/activation_epilogue.hpp"

namespace blip {
namespace {

// probe: [E], weight: [2E, E], bias: [2E], queries and keys of all heads → [heads, E]
std::vector<float> folded_queries(const float* probe, const std::vector<float>& weight,
                                  const float* bias, const AttentionPoolingShape& shape) {
  const std::int64_t hidden = shape.hidden_size;
  const std::int64_t head_size = hidden / shape.heads;
  const double scale = 1.0 / std::sqrt(static_cast<double>(head_size));
  std::vector<double> sums(static_cast<std::size_t>(shape.heads * hidden), 0.0);
  for (std::int64_t row = 0; row < hidden; ++row) {
    const float* query_row = weight.data() + row * hidden;
    const float* key_row = weight.data() + (hidden + row) * hidden;
    double query = bias[row];
    for (std::int64_t i = 0; i < hidden; ++i) {
      query += static_cast<double>(query_row[i]) * static_cast<double>(probe[i]);
    }
    double* sum = sums.data() + row / head_size * hidden;
    for (std::int64_t i = 0; i < hidden; ++i) {
      sum[i] += scale * query * static_cast<double>(key_row[i]);
    }
  }
  return {sums.begin(), sums.end()};
}

}  // namespace

AttentionPooling::AttentionPooling(WeightLoader& loader, const std::string& prefix,
                                   const AttentionPoolingShape& shape)
    : shape_(shape) {
  const std::int64_t hidden = shape.hidden_size;
  const float* probe = loader.values(prefix + "probe", {1, 1, hidden});
  std::vector<float> stacked =
      loader.floats(prefix + "attention.in_proj_weight", {3 * hidden, hidden});
  const float* bias = loader.values(prefix + "attention.in_proj_bias", {3 * hidden});
  queries_ = folded_queries(probe, stacked, bias, shape);
  value_weight_.assign(stacked.begin() + 2 * hidden * hidden, stacked.end());
  value_bias_ = bias + 2 * hidden;
  projection_ = loader.linear(prefix + "attention.out_proj", hidden, hidden);
  layer_norm_ = loader.layer_norm(prefix + "layernorm", hidden, shape.layer_norm_eps);
  fc1_ = loader.linear(prefix + "mlp.fc1", shape.intermediate_size, hidden);
  fc2_ = loader.linear(prefix + "mlp.fc2", hidden, shape.intermediate_size);
}

// memory: [heads * (count + E)] → out: [E], of all heads, before the output projection
void AttentionPooling::attend(const ImageTokens& image, float* memory, float* out) const {
  const std::int64_t hidden = shape_.hidden_size;
  const std::int64_t heads = shape_.heads;
  const std::int64_t head_size = hidden / heads;
  const std::int64_t count = image.count;
  float* scores = memory;                // [heads, count]
  float* sums = memory + heads * count;  // [heads, E]
  multiply_transposed({queries_.data(), hidden}, {image.states, hidden}, scores, count, heads,
                      count, hidden);
  softmax_rows(scores, heads, count, count, 1.0F);
  multiply({scores, count}, {image.states, hidden}, sums, hidden, heads, hidden, count);
  for (std::int64_t head = 0; head < heads; ++head) {
    const std::int64_t first = head * head_size;
    multiply_transposed({sums + head * hidden, hidden},
                        {value_weight_.data() + first * hidden, hidden}, out + first, head_size, 1,
                        head_size, hidden);
  }
  for (std::int64_t i = 0; i < hidden; ++i) out[i] += value_bias_[i];
}

void AttentionPooling::pool(std::span<const ImageTokens> images, float* out,
                            Context& context) const {
  if (images.empty()) return;
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = shape_.hidden_size;
  const std::int64_t rows = std::ssize(images);
  const auto allocate = [&](std::int64_t columns) {
    return context.scratch().allocate<float>(static_cast<std::size_t>(rows * columns));
  };
  float* attended = allocate(hidden);
  float* projected = allocate(hidden);
  float* normal = allocate(hidden);
  float* inner = allocate(shape_.intermediate_size);
  const std::int64_t most = std::ranges::max(images, {}, &ImageTokens::count).count;
  const auto memory = allocate_for_threads<float>(context, shape_.heads * (most + hidden));
  context.threads().parallel_for(images.size(), [&](std::size_t image, int thread) {
    attend(images[image], memory[static_cast<std::size_t>(thread)],
           attended + static_cast<std::int64_t>(image) * hidden);
  });
  linear(attended, rows, projection_, projected, context);
  layer_norm(projected, layer_norm_, rows, hidden, normal, context.threads());
  linear(normal, rows, fc1_, inner, context, epilogue_of(shape_.activation));
  linear(inner, rows, fc2_, out, context, Epilogue::bias_residual, projected);
}

}  // namespace blip
