#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "core/thread_memory.hpp"
#include "kernels/int8/int8_attention.hpp"
#include "kernels/int8/int8_attention_part.hpp"
#include "kernels/int8/int8_layer_part.hpp"
#include "kernels/int8/int8_multiply.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/int8/int8_attention_inputs.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/layout/panel_integers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

using PanelInts = hn::Vec<PanelIntTag>;

// Each token's scale: its largest magnitude is stored as 127.
HWY_INLINE PanelVector find_scale(const float* x, std::size_t head_size, float* scale) {
  const PanelTag d;
  auto most = hn::Zero(d);
  for (std::size_t c = 0; c < head_size; ++c) {
    most = hn::Max(most, hn::Abs(hn::Load(d, x + c * kTokens)));
  }
  constexpr float kLargest = 127.0F;
  hn::Store(hn::Mul(most, hn::Set(d, 1.0F / kLargest)), d, scale);
  return hn::IfThenZeroElse(hn::Eq(most, hn::Zero(d)), hn::Div(hn::Set(d, kLargest), most));
}

// x: [D, 16] → [16, D]
void quantize_keys(const HeadPanel& part) {
  const PanelTag d;
  const PanelIntTag d32;
  const auto byte = hn::Set(d32, 0xff);
  for (std::size_t lane = 0; lane < kTokens; lane += kLanes) {
    const float* x = part.x + lane;
    const auto inverse = find_scale(x, part.head_size, part.scales + lane);
    auto sum = hn::Zero(d32);
    for (std::size_t c = 0; c < part.head_size; c += 4) {
      PanelInts stored[4];
      for (std::size_t i = 0; i < 4; ++i) {
        stored[i] = hn::NearestInt(hn::Mul(hn::Load(d, x + (c + i) * kTokens), inverse));
        sum = hn::Add(sum, stored[i]);
        stored[i] = hn::And(stored[i], byte);
      }
      HWY_ALIGN std::int32_t packed[kLanes];
      hn::Store(pack_bytes(stored[0], stored[1], stored[2], stored[3]), d32, packed);
      for (std::size_t token = 0; token < kLanes; ++token) {
        std::memcpy(part.out + (lane + token) * part.head_size + c, packed + token, 4);
      }
    }
    hn::Store(hn::ConvertTo(d, sum), d, part.sums + lane);
  }
}

// x: [D, 16] → [D] rows of 16
void quantize_values(const HeadPanel& part) {
  const PanelTag d;
  const hn::Rebind<std::int8_t, PanelTag> d8;
  for (std::size_t lane = 0; lane < kTokens; lane += kLanes) {
    const float* x = part.x + lane;
    const auto inverse = find_scale(x, part.head_size, part.scales + lane);
    for (std::size_t c = 0; c < part.head_size; ++c) {
      const auto stored = hn::NearestInt(hn::Mul(hn::Load(d, x + c * kTokens), inverse));
      hn::StoreU(hn::DemoteTo(d8, stored), d8, part.out + c * part.out_step + lane);
    }
  }
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {

HWY_EXPORT(quantize_keys);
HWY_EXPORT(quantize_values);

enum class Operand { query, key, value };

// x: [D, 16], one panel of one head of all images'.
void store_operand(const AttentionOperands& operands, Operand operand, std::int64_t head,
                   std::int64_t panel, const float* x) {
  const AttentionShape& shape = operands.shape;
  const std::int64_t panels = shape.panels();
  const std::int64_t row = panel / panels * shape.heads + head;  // of [B, heads]
  const std::int64_t token = (row * panels + panel % panels) * kPanelTokens;
  const auto size = static_cast<std::size_t>(shape.head_size);
  switch (operand) {
    case Operand::query:
      quantize_channels(x, shape.head_size, operands.queries + token * shape.head_size,
                        operands.query_steps + token, operands.query_offsets + token);
      break;
    case Operand::key:
      HWY_DYNAMIC_DISPATCH(quantize_keys)
      ({.x = x,
        .head_size = size,
        .out = operands.keys + token * shape.head_size,
        .scales = operands.key_scales + token,
        .sums = operands.key_sums + token});
      break;
    case Operand::value:
      HWY_DYNAMIC_DISPATCH(quantize_values)
      ({.x = x,
        .head_size = size,
        .out = operands.values + row * shape.head_size * shape.value_stride() +
               panel % panels * kPanelTokens,
        .out_step = static_cast<std::size_t>(shape.value_stride()),
        .scales = operands.value_scales + token});
      break;
  }
}

}  // namespace

bool can_attend_in_int8(const AttentionShape& shape) {
  return is_quantizable(shape.head_size) &&
         shape.value_stride() <= static_cast<std::int64_t>(kMaxInt8Channels);
}

AttentionOperands allocate_attention_operands(Scratch& scratch, const AttentionShape& shape) {
  const auto rows = static_cast<std::size_t>(shape.batch * shape.heads);
  const auto size = static_cast<std::size_t>(shape.head_size);
  const std::size_t tokens = rows * static_cast<std::size_t>(shape.padded_tokens());
  const std::size_t values = rows * size * static_cast<std::size_t>(shape.value_stride());
  const AttentionOperands operands{.shape = shape,
                                   .queries = scratch.allocate<std::uint8_t>(tokens * size),
                                   .query_steps = scratch.allocate<float>(tokens),
                                   .query_offsets = scratch.allocate<float>(tokens),
                                   .keys = scratch.allocate<std::int8_t>(tokens * size),
                                   .key_scales = scratch.allocate<float>(tokens),
                                   .key_sums = scratch.allocate<float>(tokens),
                                   .values = scratch.allocate<std::int8_t>(values),
                                   .value_scales = scratch.allocate<float>(tokens)};
  return operands;
}

void int8_attention_inputs(const QuantizedPanels& x, const Linear& qkv,
                           const AttentionOperands& operands, Context& context) {
  const Scratch::Frame frame(context.scratch());
  const AttentionShape& shape = operands.shape;
  const std::int64_t head_floats = shape.head_size * kPanelTokens;
  const auto sums = allocate_for_threads<std::int32_t>(context, int8_part_sums());
  const auto results = allocate_for_threads<float>(context, kGroupPanels * head_floats);
  // A part is one head of the queries, the keys or the values.
  for_each_int8_part(
      x, shape.batch * shape.panels(), qkv.weight.rows, shape.head_size, context.threads(),
      [&](std::int64_t first_panel, std::int64_t panels, std::int64_t first_output,
          std::int64_t outputs, std::size_t thread) {
        compute_int8_part(x, qkv,
                          {.first_panel = first_panel,
                           .panels = panels,
                           .first_output = first_output,
                           .outputs = outputs,
                           .out = results[thread],
                           .out_step = head_floats,
                           .residual = nullptr,
                           .epilogue = Epilogue::bias},
                          sums[thread]);
        const std::int64_t head = first_output / shape.head_size;
        constexpr std::array kOperands = {Operand::query, Operand::key, Operand::value};
        for (std::int64_t panel = 0; panel < panels; ++panel) {
          store_operand(operands, kOperands[static_cast<std::size_t>(head / shape.heads)],
                        head % shape.heads, first_panel + panel,
                        results[thread] + panel * head_floats);
        }
      });
}

}  // namespace blip
#endif  // HWY_ONCE
