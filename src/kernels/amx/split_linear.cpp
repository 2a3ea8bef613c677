#include "kernels/amx/split_linear.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/amx/split_multiply_amx.hpp"
#include "kernels/amx/split_panels.hpp"
#include "kernels/layout/convert.hpp"
#include "kernels/layout/divide_up.hpp"
#include "kernels/layout/panels.hpp"
#include "kernels/linear.hpp"
#include "kernels/x86_extensions.hpp"

// Once for all instruction sets, for each of which Highway includes this file again.
#ifndef BLIP_KERNELS_SPLIT_SUMS
#define BLIP_KERNELS_SPLIT_SUMS

namespace blip {

struct SplitSums {
  const float* sums = nullptr;  // [panels] of [rows, 16], `sum_step` floats apart
  std::size_t sum_step = 0;
  std::size_t panels = 0;
  std::size_t rows = 0;
  float* out = nullptr;  // [panels] of [rows, 16], `out_step` floats apart
  std::size_t out_step = 0;
  const float* bias = nullptr;      // [rows], or null
  const float* residual = nullptr;  // laid out as `out`
  bool first_slab = true;           // otherwise the result goes on from `out`
  bool last_slab = true;            // the epilogue follows
  Epilogue epilogue = Epilogue::bias;
};

}  // namespace blip

#endif  // BLIP_KERNELS_SPLIT_SUMS

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/amx/split_linear.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/float/gelu-inl.h"
#include "kernels/float/sigmoid_gelu-inl.h"
#include "kernels/layout/panel_vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

void finish_split_sums(const SplitSums& part) {
  const PanelTag d;
  for (std::size_t panel = 0; panel < part.panels; ++panel) {
    for (std::size_t row = 0; row < part.rows; ++row) {
      for (std::size_t lane = 0; lane < kTokens; lane += kLanes) {
        const std::size_t place = panel * part.out_step + row * kTokens + lane;
        auto value = hn::Load(d, part.sums + panel * part.sum_step + row * kTokens + lane);
        if (!part.first_slab) value = hn::Add(value, hn::Load(d, part.out + place));
        if (part.last_slab) {
          if (part.bias != nullptr) value = hn::Add(value, hn::Set(d, part.bias[row]));
          if (part.epilogue == Epilogue::bias_gelu) value = gelu(d, value);
          if (part.epilogue == Epilogue::bias_quick_gelu) value = quick_gelu(d, value);
          if (part.epilogue == Epilogue::bias_tanh_gelu) value = tanh_gelu(d, value);
          if (part.epilogue == Epilogue::bias_residual) {
            value = hn::Add(value, hn::Load(d, part.residual + place));
          }
        }
        hn::Store(value, d, part.out + place);
      }
    }
  }
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {

HWY_EXPORT(finish_split_sums);

// Outputs and panels of an inner product: their parts of a slab, 96 × 1024 × 6 and 6 × 16 × 1024 ×
// 6 bytes, stay in a second-level cache of 2 MB, which every processor with AMX has.
constexpr std::int64_t kChunkOutputs = 96;
constexpr std::int64_t kGroupPanels = 6;
constexpr std::int64_t kSlabChannels = 1024;
// Tasks for each thread, so that the last ones to finish do so together. More blocks of panels than
// that takes would split the same weights again.
constexpr std::int64_t kTasksPerThread = 3;

// Parts that hold anything: a bfloat16 is its own high part, a float16 has 11 significant bits.
std::size_t part_count(WeightFormat format) {
  switch (format) {
    case WeightFormat::bf16:
      return 1;
    case WeightFormat::f16:
      return 2;
    case WeightFormat::f32:
    case WeightFormat::i8:
      break;
  }
  return kSplitParts;
}

struct ThreadMemory {
  float* row = nullptr;              // [slab]: a row of weights
  std::uint16_t* weights = nullptr;  // [kChunkOutputs / 16, slab / 32, parts, 16, 32]
  float* sums = nullptr;             // [kGroupPanels, kChunkOutputs, 16]
};

// Rows [first, first + count) at channels [begin, begin + channels) → own.weights; rows that fill
// its last tiles are zero.
void split_weights(const WeightMatrix& weight, std::int64_t first, std::int64_t count,
                   std::int64_t begin, std::int64_t channels, const ThreadMemory& own) {
  for (std::int64_t row = 0; row < round_up(count, kSplitRows); ++row) {
    const float* values = own.row;
    if (row >= count) {
      std::fill_n(own.row, channels, 0.0F);
    } else if (weight.format == WeightFormat::f32) {
      const std::int64_t place = (first + row) * weight.columns + begin;
      values = static_cast<const float*>(weight.data) + place;
    } else {
      convert_part_to_f32(weight, first + row, begin, channels, own.row);
    }
    split_row(values, static_cast<std::size_t>(channels),
              own.weights + split_size(row / 16, channels) + row % 16 * kSplitChannels);
  }
}

std::vector<ThreadMemory> allocate_memory(std::int64_t slab, Context& context) {
  Scratch& scratch = context.scratch();
  std::vector<ThreadMemory> memory(static_cast<std::size_t>(context.num_threads()));
  for (ThreadMemory& own : memory) {
    own = {.row = scratch.allocate<float>(static_cast<std::size_t>(slab)),
           .weights = scratch.allocate<std::uint16_t>(
               static_cast<std::size_t>(split_size(kChunkOutputs / 16, slab))),
           .sums = scratch.allocate<float>(
               static_cast<std::size_t>(kGroupPanels * kChunkOutputs * kPanelTokens))};
  }
  return memory;
}

}  // namespace

bool can_split(const WeightMatrix& weight) {
  return weight.columns % kSplitChannels == 0 && best_x86_extension() == X86Extension::amx;
}

void split_linear(const float* x, std::int64_t panels, const Linear& layer, float* out,
                  Context& context, Epilogue epilogue, const float* residual) {
  const Scratch::Frame frame(context.scratch());
  const WeightMatrix& weight = layer.weight;
  const std::int64_t channels = weight.columns;
  const std::int64_t outputs = weight.rows;
  const std::int64_t slab =
      round_up(divide_up(channels, divide_up(channels, kSlabChannels)), kSplitChannels);
  const auto memory = allocate_memory(slab, context);
  auto* split =
      context.scratch().allocate<std::uint16_t>(static_cast<std::size_t>(split_size(panels, slab)));
  const std::int64_t chunks = divide_up(outputs, kChunkOutputs);
  const std::int64_t wanted_blocks = divide_up(context.num_threads() * kTasksPerThread, chunks);
  const std::int64_t block = round_up(divide_up(panels, wanted_blocks), kGroupPanels);
  const std::int64_t blocks = divide_up(panels, block);

  // Outputs [row, row + rows) of panels [panel, panel + count) at channels [begin, begin + width).
  const auto multiply = [&](std::int64_t panel, std::int64_t count, std::int64_t row,
                            std::int64_t rows, std::int64_t begin, std::int64_t width,
                            const ThreadMemory& own) {
    const SplitProduct product{.weights = own.weights,
                               .weight_step = static_cast<std::size_t>(split_size(1, width)),
                               .weight_parts = part_count(weight.format),
                               .rows = static_cast<std::size_t>(round_up(rows, kSplitRows)),
                               .x = split + split_size(panel, width),
                               .x_step = static_cast<std::size_t>(split_size(1, width)),
                               .panels = static_cast<std::size_t>(count),
                               .channels = static_cast<std::size_t>(width),
                               .sums = own.sums};
    split_multiply_amx(product);
    const std::int64_t place = (panel * outputs + row) * kPanelTokens;
    HWY_DYNAMIC_DISPATCH(finish_split_sums)
    ({.sums = own.sums,
      .sum_step = product.rows * static_cast<std::size_t>(kPanelTokens),
      .panels = product.panels,
      .rows = static_cast<std::size_t>(rows),
      .out = out + place,
      .out_step = static_cast<std::size_t>(outputs * kPanelTokens),
      .bias = layer.bias == nullptr ? nullptr : layer.bias + row,
      .residual = residual == nullptr ? nullptr : residual + place,
      .first_slab = begin == 0,
      .last_slab = begin + width == channels,
      .epilogue = epilogue});
  };
  for (std::int64_t begin = 0; begin < channels; begin += slab) {
    const std::int64_t width = std::min(slab, channels - begin);
    split_panels(x + begin * kPanelTokens, channels * kPanelTokens, panels, width, split,
                 context.threads());
    context.threads().parallel_for(
        static_cast<std::size_t>(chunks * blocks), [&](std::size_t task, int thread) {
          const ThreadMemory& own = memory[static_cast<std::size_t>(thread)];
          const std::int64_t first = static_cast<std::int64_t>(task) % blocks * block;
          const std::int64_t row = static_cast<std::int64_t>(task) / blocks * kChunkOutputs;
          const std::int64_t rows = std::min(kChunkOutputs, outputs - row);
          const std::int64_t last = std::min(first + block, panels);
          split_weights(weight, row, rows, begin, width, own);
          for (std::int64_t panel = first; panel < last; panel += kGroupPanels) {
            multiply(panel, std::min(kGroupPanels, last - panel), row, rows, begin, width, own);
          }
        });
  }
}

}  // namespace blip
#endif  // HWY_ONCE
