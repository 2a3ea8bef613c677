// What the layers of DALL-E's encoder and decoder have in common: NormFormer's attention blocks and
// gated linear units.
#pragma once

#include <cstdint>
#include <string>

#include "blip/context.hpp"
#include "kernels/float/layer_norm.hpp"
#include "kernels/linear.hpp"
#include "model/weight_loader.hpp"

namespace blip {

/// x += after(output(attend(query, key, value of before(x)))). Projections: [E, E], without biases.
struct DalleAttention {
  LayerNorm before;
  Linear query;
  Linear key;
  Linear value;
  Linear output;
  LayerNorm after;

  /// `layer`: "decoder.layers.0.", `name`: "self_attn"
  DalleAttention(WeightLoader& loader, const std::string& layer, const std::string& name,
                 std::int64_t width);
};

/// x += fc2(ln1(gelu(fc0(z)) · fc1(z))), z = ln0(x). fc0, fc1: [I, E], fc2: [E, I]
struct GatedLinearUnit {
  LayerNorm ln0;
  Linear fc0;
  Linear fc1;
  LayerNorm ln1;
  Linear fc2;

  GatedLinearUnit(WeightLoader& loader, const std::string& layer, std::int64_t width,
                  std::int64_t inner);
};

/// Embeddings of tokens at positions, normalised.
struct DalleEmbeddings {
  WeightMatrix tokens;     // [V, E]
  const float* positions;  // [P, E]
  LayerNorm norm;

  /// `part`: "decoder."
  DalleEmbeddings(WeightLoader& loader, const std::string& part, std::int64_t vocabulary,
                  std::int64_t length, std::int64_t width);

  /// → out: [E]
  void embed(std::int64_t token, std::int64_t position, float* out) const;
};

/// attended: [rows, E], x: [rows, E] → x + after(output(attended))
void add_attended(const float* attended, std::int64_t rows, const DalleAttention& block, float* x,
                  Context& context, RowProduct kernel);

/// x: [rows, E] → x
void add_gated_unit(const GatedLinearUnit& unit, std::int64_t rows, float* x, Context& context,
                    RowProduct kernel);

}  // namespace blip
