// Cross-attention of a few text rows to an image of 577 tokens, one head of 64: as beams are
// decoded, and as a matrix product, as many texts are encoded. Where the two meet is
// kRowsForProduct of src/model/cross_attention.cpp.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/float/decode_attention.hpp"
#include "kernels/float/gemm.hpp"
#include "kernels/float/softmax.hpp"

namespace {

constexpr std::int64_t kHidden = 768;
constexpr std::int64_t kHeadSize = 64;
constexpr std::int64_t kTokens = 577;
constexpr std::int64_t kStride =
    (kTokens + blip::kKeyPadding - 1) / blip::kKeyPadding * blip::kKeyPadding;
constexpr float kScale = 0.125F;

struct Head {
  explicit Head(std::int64_t rows)
      : query(static_cast<std::size_t>(rows * kHidden), 0.01F),
        out(query.size()),
        scores(static_cast<std::size_t>(std::max(rows, blip::kCachedScores) * kStride)) {}

  std::vector<float> query;
  std::vector<float> keys = std::vector<float>(kHeadSize * kStride, 0.02F);
  std::vector<float> values = std::vector<float>(kTokens * kHeadSize, 0.03F);
  std::vector<float> out;
  std::vector<float> scores;
};

void together(benchmark::State& state, blip::WeightFormat format) {
  const std::int64_t rows = state.range(0);
  Head head(rows);
  // Of float16, whose numbers do not matter, the first half of the memory is read.
  const blip::CachedHead cached{.keys = head.keys.data(),
                                .values = head.values.data(),
                                .format = format,
                                .tokens = kTokens,
                                .stride = kStride,
                                .head_size = kHeadSize};
  for ([[maybe_unused]] auto _ : state) {
    blip::attend_cached(cached, head.query.data(), rows, kHidden, head.scores.data(),
                        head.out.data());
    benchmark::ClobberMemory();
  }
}

void as_product(benchmark::State& state) {
  const std::int64_t rows = state.range(0);
  Head head(rows);
  for ([[maybe_unused]] auto _ : state) {
    blip::multiply({head.query.data(), kHidden}, {head.keys.data(), kStride}, head.scores.data(),
                   kStride, rows, kTokens, kHeadSize);
    blip::softmax_rows(head.scores.data(), rows, kTokens, kStride, kScale);
    blip::multiply({head.scores.data(), kStride}, {head.values.data(), kHeadSize}, head.out.data(),
                   kHidden, rows, kHeadSize, kTokens);
    benchmark::ClobberMemory();
  }
}

BENCHMARK_CAPTURE(together, float32, blip::WeightFormat::f32)->DenseRange(1, 8)->Arg(16)->Arg(64);
BENCHMARK_CAPTURE(together, float16, blip::WeightFormat::f16)->DenseRange(1, 8)->Arg(16)->Arg(64);
BENCHMARK(as_product)->DenseRange(1, 8)->Arg(16)->Arg(64);

}  // namespace

BENCHMARK_MAIN();
