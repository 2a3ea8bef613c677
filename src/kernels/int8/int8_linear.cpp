#include "kernels/int8/int8_linear.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/thread_memory.hpp"
#include "kernels/int8/int8_layer_part.hpp"
#include "kernels/int8/int8_multiply.hpp"
#include "kernels/linear.hpp"

// Once for all instruction sets, for each of which Highway includes this file again.
#ifndef BLIP_KERNELS_INT8_SUMS
#define BLIP_KERNELS_INT8_SUMS

namespace blip {

/// Rows × panels of sums with what they are multiplied by and where they go.
struct Int8Sums {
  const std::int32_t* sums = nullptr;  // [panels, rows, 16]
  std::size_t panels = 0;
  std::size_t rows = 0;
  const float* steps = nullptr;    // [panels] of [16], `scale_step` floats apart: the inputs'
  const float* offsets = nullptr;  // the same
  std::size_t scale_step = 0;
  const float* row_sums = nullptr;  // [rows], of the weights of this block of channels
  const float* scales = nullptr;    // [rows], of the weights
  const float* bias = nullptr;      // [rows], or null
  float* out = nullptr;             // [panels] of [rows, 16], `out_step` floats apart
  std::size_t out_step = 0;
  const float* residual = nullptr;  // laid out as `out`
  bool first_block = true;          // otherwise the result goes on from `out`
  bool last_block = true;           // the scales and the epilogue follow
  Epilogue epilogue = Epilogue::bias;
};

}  // namespace blip

#endif  // BLIP_KERNELS_INT8_SUMS

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/int8/int8_linear.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/float/gelu-inl.h"
#include "kernels/float/sigmoid_gelu-inl.h"
#include "kernels/layout/panel_integers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

// sum over the block of weight · input, the weight in its integers: the input is offset + step q.
HWY_INLINE PanelVector sum_of_block(const Int8Sums& part, std::size_t panel, std::size_t row,
                                    std::size_t lane) {
  const PanelTag d;
  const PanelIntTag d32;
  const auto sum =
      hn::ConvertTo(d, hn::Load(d32, part.sums + (panel * part.rows + row) * kTokens + lane));
  const auto step = hn::Load(d, part.steps + panel * part.scale_step + lane);
  const auto offset = hn::Load(d, part.offsets + panel * part.scale_step + lane);
  return hn::MulAdd(sum, step, hn::Mul(offset, hn::Set(d, part.row_sums[row])));
}

// Each combination is a loop of its own: the choice costs as much as the arithmetic.
template <bool kFirst, bool kLast, Epilogue kEpilogue>
HWY_INLINE void finish(const Int8Sums& part) {
  const PanelTag d;
  for (std::size_t panel = 0; panel < part.panels; ++panel) {
    for (std::size_t row = 0; row < part.rows; ++row) {
      for (std::size_t lane = 0; lane < kTokens; lane += kLanes) {
        const std::size_t place = panel * part.out_step + row * kTokens + lane;
        auto value = sum_of_block(part, panel, row, lane);
        if (!kFirst) value = hn::Add(value, hn::Load(d, part.out + place));
        if (kLast) {
          const auto bias = hn::Set(d, part.bias == nullptr ? 0.0F : part.bias[row]);
          value = hn::MulAdd(value, hn::Set(d, part.scales[row]), bias);
          if (kEpilogue == Epilogue::bias_gelu) value = approximate_gelu(d, value);
          if (kEpilogue == Epilogue::bias_quick_gelu) value = quick_gelu(d, value);
          if (kEpilogue == Epilogue::bias_tanh_gelu) value = tanh_gelu(d, value);
          if (kEpilogue == Epilogue::bias_residual) {
            value = hn::Add(value, hn::Load(d, part.residual + place));
          }
        }
        hn::Store(value, d, part.out + place);
      }
    }
  }
}

template <Epilogue kEpilogue>
HWY_INLINE void finish_last(const Int8Sums& part) {
  if (part.first_block) {
    finish<true, true, kEpilogue>(part);
  } else {
    finish<false, true, kEpilogue>(part);
  }
}

void finish_int8_sums(const Int8Sums& part) {
  if (!part.last_block) {
    if (part.first_block) {
      finish<true, false, Epilogue::bias>(part);
    } else {
      finish<false, false, Epilogue::bias>(part);
    }
    return;
  }
  switch (part.epilogue) {
    case Epilogue::bias:
      finish_last<Epilogue::bias>(part);
      break;
    case Epilogue::bias_gelu:
      finish_last<Epilogue::bias_gelu>(part);
      break;
    case Epilogue::bias_quick_gelu:
      finish_last<Epilogue::bias_quick_gelu>(part);
      break;
    case Epilogue::bias_tanh_gelu:
      finish_last<Epilogue::bias_tanh_gelu>(part);
      break;
    case Epilogue::bias_residual:
      finish_last<Epilogue::bias_residual>(part);
      break;
  }
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {

HWY_EXPORT(finish_int8_sums);

// Rows multiplied before their sums become float32: 64 × 6 × 64 bytes of sums are 24 KB.
constexpr std::int64_t kRowsAtOnce = 64;
// The same where one panel is multiplied: what precedes the rows takes as long as some of them.
constexpr std::int64_t kRowsOfOnePanel = kGroupPanels * kRowsAtOnce;
// Outputs of a task whose result is float32, at most: 256 × 3072 weights are 786 KB.
constexpr std::int64_t kTaskOutputs = 256;
// Tasks for each thread at least, where there are so many: of three, one of two threads gets two.
constexpr std::int64_t kTasksPerThread = 3;

// `multiply` is called with the Int8Product of `rows_at_once` outputs and a block of channels.
template <typename Multiply>
void compute_panels(const QuantizedPanels& x, const Linear& layer, const Int8LayerPart& part,
                    std::int64_t rows_at_once, std::int32_t* sums, const Multiply& multiply) {
  const WeightMatrix& weight = layer.weight;
  const std::int64_t block = quantization_block(weight.columns);
  const auto* weights = static_cast<const std::int8_t*>(weight.data);
  for (std::int64_t row = 0; row < part.outputs; row += rows_at_once) {
    const std::int64_t rows = std::min(rows_at_once, part.outputs - row);
    const std::int64_t output = part.first_output + row;
    for (std::int64_t begin = 0; begin < weight.columns; begin += block) {
      const std::int64_t channels = std::min(block, weight.columns - begin);
      multiply(Int8Product{.weights = weights + output * weight.columns + begin,
                           .weight_step = static_cast<std::size_t>(weight.columns),
                           .rows = static_cast<std::size_t>(rows),
                           .x = x.panel(part.first_panel) + begin * kPanelTokens,
                           .x_step = static_cast<std::size_t>(x.channels * kPanelTokens),
                           .panels = static_cast<std::size_t>(part.panels),
                           .channels = static_cast<std::size_t>(channels),
                           .sums = sums});
      const std::int64_t scales = x.place(part.first_panel, begin / block);
      HWY_DYNAMIC_DISPATCH(finish_int8_sums)
      ({.sums = sums,
        .panels = static_cast<std::size_t>(part.panels),
        .rows = static_cast<std::size_t>(rows),
        .steps = x.steps + scales,
        .offsets = x.offsets + scales,
        .scale_step = static_cast<std::size_t>(quantization_blocks(x.channels) * kPanelTokens),
        .row_sums = weight.row_sums + begin / block * weight.rows + output,
        .scales = weight.scales + output,
        .bias = layer.bias == nullptr ? nullptr : layer.bias + output,
        .out = part.out + row * kPanelTokens,
        .out_step = static_cast<std::size_t>(part.out_step),
        .residual = part.residual == nullptr ? nullptr : part.residual + row * kPanelTokens,
        .first_block = begin == 0,
        .last_block = begin + channels == weight.columns,
        .epilogue = part.epilogue});
    }
  }
}

// Outputs of a task whose result is float32.
std::int64_t task_outputs(const QuantizedPanels& x, std::int64_t panels, std::int64_t outputs,
                          const ThreadPool& threads) {
  const std::int64_t groups = std::max<std::int64_t>(1, int8_groups(x, panels));
  const std::int64_t wanted = divide_up(threads.num_threads() * kTasksPerThread, groups);
  return std::clamp(round_up(divide_up(outputs, wanted), kRowsAtOnce), kRowsAtOnce, kTaskOutputs);
}

}  // namespace

std::int64_t int8_part_sums() {
  return kGroupPanels * kRowsAtOnce * kPanelTokens;
}

void compute_int8_part(const QuantizedPanels& x, const Linear& layer, const Int8LayerPart& part,
                       std::int32_t* sums) {
  const std::int64_t few = few_last_tokens(x);
  const std::int64_t end = part.first_panel + part.panels;
  const bool has_last = few > 0 && end % panel_count(x.sequence_tokens) == 0;
  Int8LayerPart full = part;
  if (has_last) --full.panels;
  // First, as the weights may come from memory now, which takes as long as the products of a few
  // tokens, but is hidden by those of many.
  if (full.panels > 0) compute_panels(x, layer, full, kRowsAtOnce, sums, int8_multiply);
  if (!has_last) return;
  Int8LayerPart last = part;
  last.first_panel = end - 1;
  last.panels = 1;
  last.out += full.panels * part.out_step;
  if (last.residual != nullptr) last.residual += full.panels * part.out_step;
  compute_panels(x, layer, last, kRowsOfOnePanel, sums, [few](const Int8Product& product) {
    int8_multiply_few(product, static_cast<std::size_t>(few));
  });
}

bool takes_quantized_input(const Linear& layer) {
  return layer.weight.format == WeightFormat::i8 && layer.weight.row_sums != nullptr;
}

void int8_linear(const QuantizedPanels& x, std::int64_t panels, const Linear& layer, float* out,
                 Context& context, Epilogue epilogue, const float* residual) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t outputs = layer.weight.rows;
  const auto sums = allocate_for_threads<std::int32_t>(context, int8_part_sums());
  for_each_int8_part(
      x, panels, outputs, task_outputs(x, panels, outputs, context.threads()), context.threads(),
      [&](std::int64_t first_panel, std::int64_t count, std::int64_t first_output,
          std::int64_t part_outputs, std::size_t thread) {
        const std::int64_t place = (first_panel * outputs + first_output) * kPanelTokens;
        compute_int8_part(x, layer,
                          {.first_panel = first_panel,
                           .panels = count,
                           .first_output = first_output,
                           .outputs = part_outputs,
                           .out = out + place,
                           .out_step = outputs * kPanelTokens,
                           .residual = residual == nullptr ? nullptr : residual + place,
                           .epilogue = epilogue},
                          sums[thread]);
      });
}

void int8_linear(const QuantizedPanels& x, std::int64_t panels, const Linear& layer,
                 const QuantizedPanels& out, Context& context, Epilogue epilogue) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t outputs = layer.weight.rows;
  const std::int64_t block = quantization_block(outputs);
  // A task has all outputs that are quantized together. Where that makes too few tasks for all
  // threads to be busy, quantizing is a step of its own.
  const std::int64_t tasks = int8_groups(x, panels) * divide_up(outputs, block);
  if (tasks % context.threads().num_threads() != 0 &&
      tasks < context.threads().num_threads() * kTasksPerThread) {
    auto* const floats = context.scratch().allocate<float>(
        static_cast<std::size_t>(panels * outputs * kPanelTokens));
    int8_linear(x, panels, layer, floats, context, epilogue, nullptr);
    quantize_panels(floats, panels, out, context.threads());
    return;
  }
  const auto sums = allocate_for_threads<std::int32_t>(context, int8_part_sums());
  const auto results = allocate_for_threads<float>(context, kGroupPanels * block * kPanelTokens);
  for_each_int8_part(
      x, panels, outputs, block, context.threads(),
      [&](std::int64_t first_panel, std::int64_t count, std::int64_t first_output,
          std::int64_t part_outputs, std::size_t thread) {
        compute_int8_part(x, layer,
                          {.first_panel = first_panel,
                           .panels = count,
                           .first_output = first_output,
                           .outputs = part_outputs,
                           .out = results[thread],
                           .out_step = part_outputs * kPanelTokens,
                           .residual = nullptr,
                           .epilogue = epilogue},
                          sums[thread]);
        for (std::int64_t panel = 0; panel < count; ++panel) {
          const std::int64_t scales = out.place(first_panel + panel, first_output / block);
          quantize_channels(results[thread] + panel * part_outputs * kPanelTokens, part_outputs,
                            out.panel(first_panel + panel) + first_output * kPanelTokens,
                            out.steps + scales, out.offsets + scales);
        }
      });
}

}  // namespace blip
#endif  // HWY_ONCE
