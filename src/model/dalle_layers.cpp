#include "model/dalle_layers.hpp"

#include <algorithm>
#include <cstddef>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/layout/convert.hpp"
#include "kernels/layout/divide_up.hpp"

namespace blip {
namespace {

// torch.nn.LayerNorm's, which min-dalle and dalle-mini leave as it is.
constexpr float kDalleEpsilon = 1e-5F;

// Products of a row are shared out in pieces, so that one row keeps several threads busy.
constexpr std::int64_t kProductsAtOnce = 4096;

// a, b: [count] → a · b
void multiply_into(float* a, const float* b, std::int64_t count, ThreadPool& threads) {
  const std::int64_t pieces = divide_up(count, kProductsAtOnce);
  threads.parallel_for(static_cast<std::size_t>(pieces), [&](std::size_t piece, int) {
    const std::int64_t first = static_cast<std::int64_t>(piece) * kProductsAtOnce;
    const std::int64_t end = std::min(first + kProductsAtOnce, count);
    for (std::int64_t i = first; i < end; ++i) a[i] *= b[i];
  });
}

}  // namespace

DalleAttention::DalleAttention(WeightLoader& loader, const std::string& layer,
                               const std::string& name, std::int64_t width)
    : before(loader.unscaled_norm(layer + "pre_" + name + "_layer_norm", width, kDalleEpsilon)),
      query(loader.linear_without_bias(layer + name + ".q_proj", width, width)),
      key(loader.linear_without_bias(layer + name + ".k_proj", width, width)),
      value(loader.linear_without_bias(layer + name + ".v_proj", width, width)),
      output(loader.linear_without_bias(layer + name + ".out_proj", width, width)),
      after(loader.layer_norm(layer + name + "_layer_norm", width, kDalleEpsilon)) {}

GatedLinearUnit::GatedLinearUnit(WeightLoader& loader, const std::string& layer, std::int64_t width,
                                 std::int64_t inner)
    : ln0(loader.unscaled_norm(layer + "glu.ln0", width, kDalleEpsilon)),
      fc0(loader.linear_without_bias(layer + "glu.fc0", inner, width)),
      fc1(loader.linear_without_bias(layer + "glu.fc1", inner, width)),
      ln1(loader.unscaled_norm(layer + "glu.ln1", inner, kDalleEpsilon)),
      fc2(loader.linear_without_bias(layer + "glu.fc2", width, inner)) {}

DalleEmbeddings::DalleEmbeddings(WeightLoader& loader, const std::string& part,
                                 std::int64_t vocabulary, std::int64_t length, std::int64_t width)
    : tokens(loader.matrix(part + "embed_tokens.weight", {vocabulary, width})),
      positions(loader.values(part + "embed_positions.weight", {length, width})),
      norm(loader.layer_norm(part + "layernorm_embedding", width, kDalleEpsilon)) {}

void DalleEmbeddings::embed(std::int64_t token, std::int64_t position, float* out) const {
  convert_rows_to_f32(tokens, token, 1, out);
  const std::int64_t width = tokens.columns;
  const float* place = positions + position * width;
  for (std::int64_t c = 0; c < width; ++c) out[c] += place[c];
  layer_norm(out, norm, 1, width, out);
}

void add_attended(const float* attended, std::int64_t rows, const DalleAttention& block, float* x,
                  Context& context, RowProduct kernel) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t width = block.output.weight.rows;
  const std::int64_t count = rows * width;
  auto* out = context.scratch().allocate<float>(static_cast<std::size_t>(count));
  linear(attended, rows, block.output, out, context, Epilogue::bias, nullptr, kernel);
  layer_norm(out, block.after, rows, width, out, context.threads());
  for (std::int64_t i = 0; i < count; ++i) x[i] += out[i];
}

void add_gated_unit(const GatedLinearUnit& unit, std::int64_t rows, float* x, Context& context,
                    RowProduct kernel) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t inner = unit.fc0.weight.rows;
  const std::int64_t width = unit.fc0.weight.columns;
  const auto allocate = [&](std::int64_t columns) {
    return context.scratch().allocate<float>(static_cast<std::size_t>(rows * columns));
  };
  float* z = allocate(width);
  float* gates = allocate(inner);
  float* values = allocate(inner);
  layer_norm(x, unit.ln0, rows, width, z, context.threads());
  linear(z, rows, unit.fc0, gates, context, Epilogue::bias_gelu, nullptr, kernel);
  linear(z, rows, unit.fc1, values, context, Epilogue::bias, nullptr, kernel);
  multiply_into(gates, values, rows * inner, context.threads());
  layer_norm(gates, unit.ln1, rows, inner, gates, context.threads());
  linear(gates, rows, unit.fc2, z, context, Epilogue::bias, nullptr, kernel);
  for (std::int64_t i = 0; i < rows * width; ++i) x[i] += z[i];
}

}  // namespace blip
