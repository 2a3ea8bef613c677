// A part of an int8 layer: some panels of its inputs, some of its outputs.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/thread_pool.hpp"
#include "kernels/int8/int8_few_tokens.hpp"
#include "kernels/layout/divide_up.hpp"
#include "kernels/layout/quantized_panels.hpp"
#include "kernels/layout/weight_matrix.hpp"
#include "kernels/linear.hpp"

namespace blip {

/// Panels that share a pass over the weights: whole tiles of AMX (2) and of VNNI (3), and their
/// inputs, 6 × 16 KB at most, stay in a second-level cache beside the weights.
constexpr std::int64_t kGroupPanels = 6;

struct Int8LayerPart {
  std::int64_t first_panel = 0;
  std::int64_t panels = 0;  // at most kGroupPanels
  std::int64_t first_output = 0;
  std::int64_t outputs = 0;
  float* out = nullptr;  // [panels] of [outputs, 16], `out_step` floats apart
  std::int64_t out_step = 0;
  const float* residual = nullptr;  // laid out as `out`
  Epilogue epilogue = Epilogue::bias;
};

/// Integers that compute_int8_part needs room for, aligned to 64 bytes.
[[nodiscard]] std::int64_t int8_part_sums();

/// Single thread.
void compute_int8_part(const QuantizedPanels& x, const Linear& layer, const Int8LayerPart& part,
                       std::int32_t* sums);

/// Panels that groups do not reach across, of which `panels` is a multiple.
[[nodiscard]] inline std::int64_t panels_together(const QuantizedPanels& x, std::int64_t panels) {
  return few_last_tokens(x) > 0 ? panel_count(x.sequence_tokens) : panels;
}

/// Groups of panels that share a pass over the weights.
[[nodiscard]] inline std::int64_t int8_groups(const QuantizedPanels& x, std::int64_t panels) {
  if (panels == 0) return 0;
  const std::int64_t together = panels_together(x, panels);
  return divide_up(panels, together) * divide_up(together, kGroupPanels);
}

/// Calls compute(first_panel, panels, first_output, outputs, thread) for every part of at most
/// `part_outputs`. Outputs outermost: a part's weights serve the groups of panels that follow.
/// Where last panels are computed by themselves (few_last_tokens), they are the last of their
/// groups.
template <typename Compute>
void for_each_int8_part(const QuantizedPanels& x, std::int64_t panels, std::int64_t outputs,
                        std::int64_t part_outputs, ThreadPool& threads, const Compute& compute) {
  if (panels == 0) return;
  const std::int64_t together = panels_together(x, panels);
  const std::int64_t groups_together = divide_up(together, kGroupPanels);
  const std::int64_t groups = int8_groups(x, panels);
  const std::int64_t ranges = divide_up(outputs, part_outputs);
  threads.parallel_for(
      static_cast<std::size_t>(groups * ranges), [&](std::size_t task, int thread) {
        const std::int64_t group = static_cast<std::int64_t>(task) % groups;
        const std::int64_t begin = group / groups_together * together;
        const std::int64_t first_panel = begin + group % groups_together * kGroupPanels;
        const std::int64_t first_output = static_cast<std::int64_t>(task) / groups * part_outputs;
        compute(first_panel, std::min(kGroupPanels, begin + together - first_panel), first_output,
                std::min(part_outputs, outputs - first_output), static_cast<std::size_t>(thread));
      });
}

}  // namespace blip
