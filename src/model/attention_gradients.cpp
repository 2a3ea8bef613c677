#include "model/attention_gradients.hpp"

#include <algorithm>
#include <cmath>

#include "core/scratch.hpp"
#include "core/thread_memory.hpp"
#include "core/thread_pool.hpp"
#include "kernels/float/gemm.hpp"
#include "model/cross_attention.hpp"

namespace blip {
namespace {

// probabilities = softmax(scores * scale). probabilities: [rows, stride], d: [rows, columns], their
// gradient → that of the scores, in place
void softmax_gradient(ConstMatrix probabilities, std::int64_t rows, std::int64_t columns,
                      float scale, float* d) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* p = probabilities.data + row * probabilities.stride;
    float* own = d + row * columns;
    double sum = 0;
    for (std::int64_t c = 0; c < columns; ++c) {
      sum += static_cast<double>(p[c]) * static_cast<double>(own[c]);
    }
    for (std::int64_t c = 0; c < columns; ++c) {
      own[c] = p[c] * (own[c] - static_cast<float>(sum)) * scale;
    }
  }
}

float scale_of(AttentionHeads heads) {
  return 1.0F / std::sqrt(static_cast<float>(heads.size));
}

// Calls task(loss, head, thread) for every pair.
template <typename Task>
void for_each_head(std::int64_t losses, AttentionHeads heads, Context& context, const Task& task) {
  context.threads().parallel_for(
      static_cast<std::size_t>(losses * heads.count), [&](std::size_t index, int thread) {
        const auto number = static_cast<std::int64_t>(index);
        task(number / heads.count, number % heads.count, static_cast<std::size_t>(thread));
      });
}

}  // namespace

void self_attention_gradient(const TextLayerActivations& layer, std::int64_t tokens,
                             AttentionHeads heads, std::int64_t losses, const float* d_context,
                             float* d_query, float* d_key, float* d_value, Context& context) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = heads.count * heads.size;
  const auto memory = allocate_for_threads<float>(context, tokens * tokens);
  for_each_head(
      losses, heads, context, [&](std::int64_t loss, std::int64_t head, std::size_t thread) {
        const std::int64_t column = head * heads.size;
        const std::int64_t start = loss * tokens * hidden + column;
        const ConstMatrix d_out = {d_context + start, hidden};
        const ConstMatrix probabilities = {layer.probabilities.data() + head * tokens * tokens,
                                           tokens};
        float* d_scores = memory[thread];  // [T, T]
        multiply_transposing_first(probabilities, d_out, d_value + start, hidden, tokens,
                                   heads.size, tokens);
        multiply_transposed(d_out, {layer.value.data() + column, hidden}, d_scores, tokens, tokens,
                            tokens, heads.size);
        softmax_gradient(probabilities, tokens, tokens, scale_of(heads), d_scores);
        multiply({d_scores, tokens}, {layer.key.data() + column, hidden}, d_query + start, hidden,
                 tokens, heads.size, tokens);
        multiply_transposing_first({d_scores, tokens}, {layer.query.data() + column, hidden},
                                   d_key + start, hidden, tokens, heads.size, tokens);
      });
}

void cross_probabilities_gradient(const CrossAttentionCache& read, std::int64_t layer,
                                  std::int64_t tokens, AttentionHeads heads, std::int64_t losses,
                                  const float* d_context, float* out, Context& context) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = heads.count * heads.size;
  const std::int64_t states = read.tokens();
  const auto wide = allocate_for_threads<float>(context, 2 * read.stride() * heads.size);
  for_each_head(
      losses, heads, context, [&](std::int64_t loss, std::int64_t head, std::size_t thread) {
        const CachedHead cached = head_as_f32(read.head(layer, head), wide[thread]);
        multiply_transposed({d_context + loss * tokens * hidden + head * heads.size, hidden},
                            {static_cast<const float*>(cached.values), heads.size},
                            out + (loss * heads.count + head) * tokens * states, states, tokens,
                            states, heads.size);
      });
}

void cross_attention_gradient(const TextLayerActivations& activations,
                              const CrossAttentionCache& read, std::int64_t layer,
                              std::int64_t tokens, AttentionHeads heads, std::int64_t losses,
                              const float* d_context, float* d_query, float* d_key, float* d_value,
                              Context& context) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = heads.count * heads.size;
  const std::int64_t states = read.tokens();
  const auto wide = allocate_for_threads<float>(context, 2 * read.stride() * heads.size);
  const auto memory = allocate_for_threads<float>(context, tokens * states);
  for_each_head(
      losses, heads, context, [&](std::int64_t loss, std::int64_t head, std::size_t thread) {
        const std::int64_t column = head * heads.size;
        const std::int64_t start = loss * tokens * hidden + column;
        const std::int64_t read_start = loss * states * hidden + column;
        const ConstMatrix d_out = {d_context + start, hidden};
        const ConstMatrix probabilities = {
            activations.cross_probabilities.data() + head * tokens * read.stride(), read.stride()};
        const CachedHead cached = head_as_f32(read.head(layer, head), wide[thread]);
        float* d_scores = memory[thread];  // [T, N]
        multiply_transposed(d_out, {static_cast<const float*>(cached.values), heads.size}, d_scores,
                            states, tokens, states, heads.size);
        softmax_gradient(probabilities, tokens, states, scale_of(heads), d_scores);
        // The cache holds its keys transposed: [D, stride].
        multiply_transposed({d_scores, states},
                            {static_cast<const float*>(cached.keys), cached.stride},
                            d_query + start, hidden, tokens, heads.size, states);
        if (d_key == nullptr) return;
        multiply_transposing_first({d_scores, states},
                                   {activations.cross_query.data() + column, hidden},
                                   d_key + read_start, hidden, states, heads.size, tokens);
        multiply_transposing_first(probabilities, d_out, d_value + read_start, hidden, states,
                                   heads.size, tokens);
      });
}

}  // namespace blip
