#include "kernels/int8/int8_attention.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/int8/int8_attention_part.hpp"
#include "kernels/int8/int8_layer_part.hpp"
#include "kernels/int8/int8_multiply.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/int8/int8_attention.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/layout/panel_integers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

// 255 · 2^x for x <= 0, to 8e-5 of itself: less than a thousandth of what a probability is rounded
// to. 2^fraction as a polynomial fitted here, then the whole part added to the exponent.
HWY_INLINE PanelVector power_of_two(PanelVector x) {
  constexpr float kScale = 255.0F;
  const PanelTag d;
  // Below 2^-100 nothing is left of 255; far from where the exponent would underflow.
  const auto bounded = hn::Max(x, hn::Set(d, -100.0F));
  const auto whole = hn::NearestInt(bounded);
  const auto fraction = hn::Sub(bounded, hn::ConvertTo(d, whole));
  auto power = hn::Set(d, kScale * 0.0551716089F);
  power = hn::MulAdd(power, fraction, hn::Set(d, kScale * 0.24261117F));
  power = hn::MulAdd(power, fraction, hn::Set(d, kScale * 0.693261027F));
  power = hn::MulAdd(power, fraction, hn::Set(d, kScale * 0.999928057F));
  const PanelIntTag d32;
  return hn::BitCast(d, hn::Add(hn::BitCast(d32, power), hn::ShiftLeft<23>(whole)));
}

void find_probabilities(const ScorePanel& part) {
  constexpr float kLog2E = 1.44269504F;
  const PanelTag d;
  const PanelIntTag d32;
  auto* scores = reinterpret_cast<float*>(part.sums);
  for (std::size_t lane = 0; lane < kTokens; lane += kLanes) {
    const auto step = hn::Load(d, part.steps + lane);
    const auto offset = hn::Load(d, part.offsets + lane);
    auto largest = hn::Set(d, -3.0e38F);
    for (std::size_t key = 0; key < part.keys; ++key) {
      const auto sum = hn::ConvertTo(d, hn::Load(d32, part.sums + key * kTokens + lane));
      const auto whole = hn::MulAdd(sum, step, hn::Mul(offset, hn::Set(d, part.key_sums[key])));
      const auto score = hn::Mul(whole, hn::Set(d, part.key_scales[key] * part.scale * kLog2E));
      hn::Store(score, d, scores + key * kTokens + lane);
      largest = hn::Max(largest, score);
    }
    auto total = hn::Zero(d);
    const auto stored = [&](std::size_t key) HWY_ATTR {
      if (key >= part.keys) return hn::Zero(d32);
      const auto power = power_of_two(hn::Sub(hn::Load(d, scores + key * kTokens + lane), largest));
      total = hn::Add(total, power);
      return hn::NearestInt(hn::Mul(power, hn::Set(d, part.value_ratios[key])));
    };
    auto* out = reinterpret_cast<std::int32_t*>(part.probabilities) + lane;
    for (std::size_t key = 0; key < part.padded_keys; key += 4) {
      const auto first = stored(key);
      const auto second = stored(key + 1);
      const auto third = stored(key + 2);
      const auto fourth = stored(key + 3);
      hn::Store(pack_bytes(first, second, third, fourth), d32, out + key / 4 * kTokens);
    }
    hn::Store(hn::Div(hn::Set(d, 1.0F), total), d, part.inverse_sums + lane);
  }
}

void finish_results(const ResultPanel& part) {
  const PanelTag d;
  const PanelIntTag d32;
  for (std::size_t lane = 0; lane < kTokens; lane += kLanes) {
    const auto scale = hn::Mul(hn::Load(d, part.inverse_sums + lane), hn::Set(d, part.scale));
    for (std::size_t c = 0; c < part.head_size; ++c) {
      const auto sum = hn::ConvertTo(d, hn::Load(d32, part.sums + c * kTokens + lane));
      hn::Store(hn::Mul(sum, scale), d, part.out + c * kTokens + lane);
    }
  }
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {

HWY_EXPORT(find_probabilities);
HWY_EXPORT(finish_results);

struct AttentionMemory {
  std::int32_t* scores;         // [group, P * 16, 16]
  std::uint8_t* probabilities;  // [group, value_stride / 4, 16, 4]
  std::int32_t* results;        // [group, D, 16]
  float* inverse_sums;          // [group, 16]
  float* value_ratios;          // [P * 16]
};

std::vector<AttentionMemory> allocate_attention_memory(const AttentionShape& shape,
                                                       Context& context) {
  Scratch& scratch = context.scratch();
  const auto group = static_cast<std::size_t>(kGroupPanels * kPanelTokens);
  const auto tokens = static_cast<std::size_t>(shape.padded_tokens());
  std::vector<AttentionMemory> memory(static_cast<std::size_t>(context.num_threads()));
  for (AttentionMemory& own : memory) {
    own = {.scores = scratch.allocate<std::int32_t>(group * tokens),
           .probabilities = scratch.allocate<std::uint8_t>(
               group * static_cast<std::size_t>(shape.value_stride())),
           .results =
               scratch.allocate<std::int32_t>(group * static_cast<std::size_t>(shape.head_size)),
           .inverse_sums = scratch.allocate<float>(group),
           .value_ratios = scratch.allocate<float>(tokens)};
  }
  return memory;
}

// `row` of [B, heads], panels [first, first + count) of its queries; out: [·] of [D, 16],
// `out_step` floats apart
void attend(const AttentionOperands& operands, std::int64_t row, std::int64_t first,
            std::int64_t count, const AttentionMemory& memory, float* out, std::int64_t out_step) {
  const AttentionShape& shape = operands.shape;
  const std::int64_t keys = shape.padded_tokens();
  const std::int64_t head_size = shape.head_size;
  const std::int64_t key = row * keys;
  const std::int64_t query = key + first * kPanelTokens;
  const std::int64_t stride = shape.value_stride();

  int8_multiply({.weights = operands.keys + key * head_size,
                 .weight_step = static_cast<std::size_t>(head_size),
                 .rows = static_cast<std::size_t>(keys),
                 .x = operands.queries + query * head_size,
                 .x_step = static_cast<std::size_t>(head_size * kPanelTokens),
                 .panels = static_cast<std::size_t>(count),
                 .channels = static_cast<std::size_t>(head_size),
                 .sums = memory.scores});

  const float* value_scales = operands.value_scales + key;
  const float largest = *std::max_element(value_scales, value_scales + shape.tokens);
  const float inverse = largest > 0.0F ? 1.0F / largest : 0.0F;
  for (std::int64_t i = 0; i < shape.tokens; ++i) {
    memory.value_ratios[i] = value_scales[i] * inverse;
  }
  for (std::int64_t panel = 0; panel < count; ++panel) {
    const std::int64_t place = query + panel * kPanelTokens;
    HWY_DYNAMIC_DISPATCH(find_probabilities)
    ({.sums = memory.scores + panel * keys * kPanelTokens,
      .keys = static_cast<std::size_t>(shape.tokens),
      .padded_keys = static_cast<std::size_t>(stride),
      .steps = operands.query_steps + place,
      .offsets = operands.query_offsets + place,
      .key_scales = operands.key_scales + key,
      .key_sums = operands.key_sums + key,
      .value_ratios = memory.value_ratios,
      .scale = 1.0F / std::sqrt(static_cast<float>(head_size)),
      .probabilities = memory.probabilities + panel * stride * kPanelTokens,
      .inverse_sums = memory.inverse_sums + panel * kPanelTokens});
  }

  int8_multiply({.weights = operands.values + row * head_size * stride,
                 .weight_step = static_cast<std::size_t>(stride),
                 .rows = static_cast<std::size_t>(head_size),
                 .x = memory.probabilities,
                 .x_step = static_cast<std::size_t>(stride * kPanelTokens),
                 .panels = static_cast<std::size_t>(count),
                 .channels = static_cast<std::size_t>(stride),
                 .sums = memory.results});
  for (std::int64_t panel = 0; panel < count; ++panel) {
    HWY_DYNAMIC_DISPATCH(finish_results)
    ({.sums = memory.results + panel * head_size * kPanelTokens,
      .head_size = static_cast<std::size_t>(head_size),
      .inverse_sums = memory.inverse_sums + panel * kPanelTokens,
      .scale = largest,
      .out = out + panel * out_step});
  }
}

}  // namespace

void int8_attention(const AttentionOperands& operands, float* out, Context& context) {
  const Scratch::Frame frame(context.scratch());
  const AttentionShape& shape = operands.shape;
  const std::int64_t panels = shape.panels();
  const std::int64_t head_floats = shape.head_size * kPanelTokens;
  const std::int64_t groups = divide_up(panels, kGroupPanels);
  const auto memory = allocate_attention_memory(shape, context);
  const std::int64_t tasks = shape.batch * shape.heads * groups;
  context.threads().parallel_for(
      static_cast<std::size_t>(tasks), [&](std::size_t index, int thread) {
        const std::int64_t row = static_cast<std::int64_t>(index) / groups;
        const std::int64_t first = static_cast<std::int64_t>(index) % groups * kGroupPanels;
        const std::int64_t image = row / shape.heads;
        const std::int64_t head = row % shape.heads;
        attend(operands, row, first, std::min(kGroupPanels, panels - first),
               memory[static_cast<std::size_t>(thread)],
               out + ((image * panels + first) * shape.heads + head) * head_floats,
               shape.heads * head_floats);
      });
}

}  // namespace blip
#endif  // HWY_ONCE
