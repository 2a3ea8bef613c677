#include "model/text_attention.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/scratch.hpp"
#include "core/thread_memory.hpp"
#include "core/thread_pool.hpp"
#include "kernels/float/gemm.hpp"
#include "kernels/float/softmax.hpp"

namespace blip {
namespace {

// scores: [count, count] → probabilities
void mask_and_normalise(float* scores, std::int64_t count, TextMask mask, float scale) {
  if (mask == TextMask::none) {
    softmax_rows(scores, count, count, count, scale);
    return;
  }
  for (std::int64_t row = 0; row < count; ++row) {
    float* own = scores + row * count;
    softmax_rows(own, 1, row + 1, count, scale);
    std::fill(own + row + 1, own + count, 0.0F);
  }
}

}  // namespace

void attend_within_texts(const TextHeads& heads, std::span<const std::int64_t> lengths,
                         TextMask mask, const TextProjections& projections, float* out,
                         Context& context) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = heads.count * heads.size;
  const std::int64_t stride = projections.stride;
  const std::int64_t longest = *std::max_element(lengths.begin(), lengths.end());
  std::vector<std::int64_t> starts(lengths.size(), 0);
  std::partial_sum(lengths.begin(), lengths.end() - 1, starts.begin() + 1);
  const auto memory = allocate_for_threads<float>(context, longest * longest);
  const float scale = 1.0F / std::sqrt(static_cast<float>(heads.size));

  const std::size_t tasks = lengths.size() * static_cast<std::size_t>(heads.count);
  context.threads().parallel_for(tasks, [&](std::size_t task, int thread) {
    const std::size_t text = task / static_cast<std::size_t>(heads.count);
    const std::int64_t count = lengths[text];
    const std::int64_t column = static_cast<std::int64_t>(task) % heads.count * heads.size;
    const std::int64_t start = starts[text] * stride + column;
    float* scores = memory[static_cast<std::size_t>(thread)];
    multiply_transposed({projections.query + start, stride}, {projections.key + start, stride},
                        scores, count, count, count, heads.size);
    mask_and_normalise(scores, count, mask, scale);
    multiply({scores, count}, {projections.value + start, stride},
             out + starts[text] * hidden + column, hidden, count, heads.size, count);
  });
}

}  // namespace blip
