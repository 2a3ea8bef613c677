#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/attention.hpp"
#include "kernels/gemm.hpp"
#include "kernels/softmax.hpp"

namespace blip {
namespace {

// Queries per tile: 96 × 577 scores are 222 KB, which stays in a 512 KB second-level cache between
// the two products; 577 tokens make 7 tiles a head with little left over.
constexpr std::int64_t kTileQueries = 96;

}  // namespace

void self_attention(const float* qkv, std::int64_t batch, std::int64_t tokens, std::int64_t heads,
                    std::int64_t head_size, float* out, Context& context) {
  const std::int64_t hidden = heads * head_size;
  const std::int64_t row = 3 * hidden;
  const std::int64_t tiles = (tokens + kTileQueries - 1) / kTileQueries;
  const float scale = 1.0F / std::sqrt(static_cast<float>(head_size));

  const Scratch::Frame frame(context.scratch());
  std::vector<float*> scores(static_cast<std::size_t>(context.num_threads()));
  for (float*& buffer : scores) {
    buffer = context.scratch().allocate<float>(static_cast<std::size_t>(kTileQueries * tokens));
  }
  const std::int64_t tasks = batch * heads * tiles;
  context.threads().parallel_for(
      static_cast<std::size_t>(tasks), [&](std::size_t index, int thread) {
        const auto task = static_cast<std::int64_t>(index);
        const std::int64_t image = task / (heads * tiles);
        const std::int64_t head = task / tiles % heads;
        const std::int64_t first = task % tiles * kTileQueries;
        const std::int64_t queries = std::min(kTileQueries, tokens - first);
        const float* query = qkv + (image * tokens + first) * row + head * head_size;
        const float* key = qkv + image * tokens * row + hidden + head * head_size;
        const float* value = key + hidden;
        float* probabilities = scores[static_cast<std::size_t>(thread)];

        multiply_transposed({query, row}, {key, row}, probabilities, tokens, queries, tokens,
                            head_size);
        softmax_rows(probabilities, queries, tokens, tokens, scale);
        multiply({probabilities, tokens}, {value, row},
                 out + (image * tokens + first) * hidden + head * head_size, hidden, queries,
                 head_size, tokens);
      });
}

}  // namespace blip
