#include "kernels/float/panel_linear.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/thread_memory.hpp"
#include "core/thread_pool.hpp"
#include "kernels/amx/split_linear.hpp"
#include "kernels/layout/convert.hpp"
#include "kernels/layout/divide_up.hpp"
#include "kernels/layout/panels.hpp"
#include "kernels/linear.hpp"

// Once for all instruction sets, for each of which Highway includes this file again.
#ifndef BLIP_KERNELS_PANEL_PRODUCT
#define BLIP_KERNELS_PANEL_PRODUCT

namespace blip {

/// A block of panels × a range of outputs × a slab of channels.
struct PanelProduct {
  const float* x = nullptr;  // the block's first panel, at the slab
  std::size_t x_step = 0;    // floats from panel to panel
  std::size_t panels = 0;
  // Which panels are short: `first_short`, and every `short_step` from there. Of those the first
  // eight tokens are computed, and the others' results are 0.
  std::size_t first_short = 0;
  std::size_t short_step = 0;      // 0: there are none
  const float* weights = nullptr;  // [outputs] rows at the slab, `weight_step` floats apart
  std::size_t weight_step = 0;
  std::size_t outputs = 0;
  std::size_t channels = 0;  // of the slab
  float* out = nullptr;      // the block's first panel, at the first output
  std::size_t out_step = 0;
  const float* bias = nullptr;      // of the first output, or null
  const float* residual = nullptr;  // laid out as `out`
  bool first_slab = true;           // the sums begin here; otherwise they go on from `out`
  bool last_slab = true;            // the epilogue follows
  Epilogue epilogue = Epilogue::bias;
};

}  // namespace blip

#endif  // BLIP_KERNELS_PANEL_PRODUCT

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/float/panel_linear.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/float/gelu-inl.h"
#include "kernels/float/panel_tile-inl.h"
#include "kernels/float/sigmoid_gelu-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

template <std::size_t kRows, std::size_t kPanels, class Part>
HWY_INLINE void begin_sums(TileSums<kRows, kPanels, Part>& sums, const PanelProduct& product,
                           std::size_t row, const float* out) {
  const typename Part::Tag d;
  for (std::size_t r = 0; r < kRows; ++r) {
    const auto bias = hn::Set(d, product.bias == nullptr ? 0.0F : product.bias[row + r]);
    for (std::size_t p = 0; p < kPanels; ++p) {
      for (std::size_t v = 0; v < Part::kVectors; ++v) {
        sums[r][p * Part::kVectors + v] =
            product.first_slab
                ? bias
                : hn::Load(d, out + p * product.out_step + r * kTokens + v * Part::kLanes);
      }
    }
  }
}

template <std::size_t kRows, std::size_t kPanels, class Part>
HWY_INLINE void finish_sums(const TileSums<kRows, kPanels, Part>& sums, const PanelProduct& product,
                            std::size_t offset, float* out) {
  const typename Part::Tag d;
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t p = 0; p < kPanels; ++p) {
      for (std::size_t v = 0; v < Part::kVectors; ++v) {
        const std::size_t place = p * product.out_step + r * kTokens + v * Part::kLanes;
        auto value = sums[r][p * Part::kVectors + v];
        if (product.last_slab && product.epilogue == Epilogue::bias_gelu) {
          value = gelu(d, value);
        } else if (product.last_slab && product.epilogue == Epilogue::bias_residual) {
          value = hn::Add(value, hn::Load(d, product.residual + offset + place));
        } else if (product.last_slab && product.epilogue == Epilogue::bias_quick_gelu) {
          value = quick_gelu(d, value);
        } else if (product.last_slab && product.epilogue == Epilogue::bias_tanh_gelu) {
          value = tanh_gelu(d, value);
        }
        hn::Store(value, d, out + place);
      }
    }
  }
}

template <std::size_t kRows, std::size_t kPanels, class Part>
HWY_INLINE void multiply_tile(const PanelProduct& product, std::size_t row, std::size_t panel) {
  const std::size_t offset = panel * product.out_step + row * kTokens;
  float* out = product.out + offset;
  TileSums<kRows, kPanels, Part> sums;
  begin_sums<kRows, kPanels, Part>(sums, product, row, out);
  add_terms<kRows, kPanels, Part>(sums,
                                  {product.weights + row * product.weight_step, product.weight_step,
                                   1, product.x + panel * product.x_step, product.x_step},
                                  product.channels);
  finish_sums<kRows, kPanels, Part>(sums, product, offset, out);
}

template <std::size_t kRows>
HWY_INLINE void multiply_short_panel(const PanelProduct& product, std::size_t row,
                                     std::size_t panel) {
  multiply_tile<kRows, 1, HalfPanel>(product, row, panel);
  const HalfPanel::Tag d;
  float* out = product.out + panel * product.out_step + row * kTokens;
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t i = kTokens / 2; i < kTokens; i += HalfPanel::kLanes) {
      hn::Store(hn::Zero(d), d, out + r * kTokens + i);
    }
  }
}

void multiply_panels(const PanelProduct& product) {
  for_each_row_tile(product.outputs, [&](auto rows, std::size_t row) HWY_ATTR {
    std::size_t first = 0;
    std::size_t next_short = product.short_step == 0 ? product.panels : product.first_short;
    for (;;) {
      const std::size_t end = std::min(next_short, product.panels);
      for_each_panel_tile(first, end, [&](auto panels, std::size_t panel) HWY_ATTR {
        multiply_tile<rows, panels, WholePanel>(product, row, panel);
      });
      if (end == product.panels) return;
      multiply_short_panel<rows>(product, row, end);
      first = end + 1;
      next_short += product.short_step;
    }
  });
}

std::size_t panels_of_a_tile() {
  return kTilePanels;
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {

HWY_EXPORT(multiply_panels);
HWY_EXPORT(panels_of_a_tile);

// A block's slab of x is read once for every few outputs and should stay in a second-level cache
// beside the weights that pass through it.
constexpr std::int64_t kBlockBytes = std::int64_t{640} << 10;
constexpr std::int64_t kSlabChannels = 1024;
// Rows of weights of other types become float32 a few at a time, in memory of the thread's own: 24
// is a multiple of every target's tile, and 24 × 1024 floats stay in a second-level cache.
constexpr std::int64_t kConvertedRows = 24;
// Tasks for each thread, so that the last ones to finish do so together.
constexpr std::int64_t kTasksPerThread = 6;

struct Partition {
  std::int64_t slab_channels;
  std::int64_t block_panels;
  std::int64_t blocks;
  std::int64_t chunk_outputs;
  std::int64_t chunks;
};

Partition partition_of(std::int64_t panels, std::int64_t channels, std::int64_t outputs,
                       std::int64_t short_step, int threads) {
  auto tile = static_cast<std::int64_t>(HWY_DYNAMIC_DISPATCH(panels_of_a_tile)());
  Partition part{};
  part.slab_channels = divide_up(channels, divide_up(channels, kSlabChannels));
  const std::int64_t panel_bytes =
      part.slab_channels * kPanelTokens * static_cast<std::int64_t>(sizeof(float));
  // Short panels interrupt the tiles: blocks then end with one.
  if (short_step > 0 && short_step * panel_bytes <= kBlockBytes) tile = short_step;
  const std::int64_t most = std::max(kBlockBytes / panel_bytes / tile * tile, tile);
  // As even as whole tiles allow.
  part.block_panels = round_up(divide_up(panels, divide_up(panels, most)), tile);
  part.blocks = divide_up(panels, part.block_panels);
  const std::int64_t wanted = divide_up(threads * kTasksPerThread, part.blocks);
  part.chunk_outputs = round_up(divide_up(outputs, wanted), kConvertedRows);
  part.chunks = divide_up(outputs, part.chunk_outputs);
  return part;
}

}  // namespace

void panel_linear(const float* x, std::int64_t panels, const Linear& layer, float* out,
                  Context& context, Epilogue epilogue, const float* residual,
                  std::int64_t sequence_tokens) {
  if (can_split(layer.weight)) {
    split_linear(x, panels, layer, out, context, epilogue, residual);
    return;
  }
  const Scratch::Frame frame(context.scratch());
  const WeightMatrix& weight = layer.weight;
  const std::int64_t channels = weight.columns;
  const std::int64_t outputs = weight.rows;
  const std::int64_t last_tokens = sequence_tokens % kPanelTokens;
  const std::int64_t short_step =
      last_tokens > 0 && last_tokens <= kPanelTokens / 2 ? panel_count(sequence_tokens) : 0;
  const Partition part = partition_of(panels, channels, outputs, short_step, context.num_threads());
  std::vector<float*> converted;
  if (weight.format != WeightFormat::f32) {
    converted = allocate_for_threads<float>(context, kConvertedRows * part.slab_channels);
  }

  // Where rows [row, row + rows) meet the slab that begins at channel `begin`.
  const auto product_of = [&](std::int64_t panel, std::int64_t row, std::int64_t rows,
                              std::int64_t begin) {
    const std::int64_t place = (panel * outputs + row) * kPanelTokens;
    const std::int64_t end = std::min(begin + part.slab_channels, channels);
    return PanelProduct{
        .x = x + (panel * channels + begin) * kPanelTokens,
        .x_step = static_cast<std::size_t>(channels * kPanelTokens),
        .panels = static_cast<std::size_t>(std::min(part.block_panels, panels - panel)),
        .first_short =
            short_step == 0 ? 0 : static_cast<std::size_t>(short_step - 1 - panel % short_step),
        .short_step = static_cast<std::size_t>(short_step),
        .outputs = static_cast<std::size_t>(rows),
        .channels = static_cast<std::size_t>(end - begin),
        .out = out + place,
        .out_step = static_cast<std::size_t>(outputs * kPanelTokens),
        .bias = layer.bias == nullptr ? nullptr : layer.bias + row,
        .residual = residual == nullptr ? nullptr : residual + place,
        .first_slab = begin == 0,
        .last_slab = end == channels,
        .epilogue = epilogue,
    };
  };
  const std::int64_t tasks = part.blocks * part.chunks;
  context.threads().parallel_for(static_cast<std::size_t>(tasks), [&](std::size_t task,
                                                                      int thread) {
    const std::int64_t panel = static_cast<std::int64_t>(task) / part.chunks * part.block_panels;
    const std::int64_t first = static_cast<std::int64_t>(task) % part.chunks * part.chunk_outputs;
    const std::int64_t last = std::min(first + part.chunk_outputs, outputs);
    for (std::int64_t begin = 0; begin < channels; begin += part.slab_channels) {
      if (weight.format == WeightFormat::f32) {
        PanelProduct product = product_of(panel, first, last - first, begin);
        product.weights = static_cast<const float*>(weight.data) + first * channels + begin;
        product.weight_step = static_cast<std::size_t>(channels);
        HWY_DYNAMIC_DISPATCH(multiply_panels)(product);
        continue;
      }
      float* buffer = converted[static_cast<std::size_t>(thread)];
      for (std::int64_t row = first; row < last; row += kConvertedRows) {
        PanelProduct product = product_of(panel, row, std::min(kConvertedRows, last - row), begin);
        const auto width = static_cast<std::int64_t>(product.channels);
        for (std::int64_t r = 0; r < static_cast<std::int64_t>(product.outputs); ++r) {
          convert_part_to_f32(weight, row + r, begin, width, buffer + r * width);
        }
        product.weights = buffer;
        product.weight_step = product.channels;
        HWY_DYNAMIC_DISPATCH(multiply_panels)(product);
      }
    }
  });
}

}  // namespace blip
#endif  // HWY_ONCE
