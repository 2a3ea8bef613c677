#include "train/model/position_grid.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

namespace blip::train {
namespace {

// The edge of a square of positions without the class token's; 0: no square.
std::int64_t edge_of(const torch::Tensor& table) {
  if (table.dim() != 3 || table.size(0) != 1) return 0;
  const std::int64_t cells = table.size(1) - 1;
  const auto edge = std::llround(std::sqrt(static_cast<double>(cells)));
  return edge * edge == cells ? edge : 0;
}

}  // namespace

torch::Tensor on_grid_of(const torch::Tensor& target, const torch::Tensor& table,
                         const std::string& name) {
  const std::int64_t before = edge_of(table);
  const std::int64_t after = edge_of(target);
  if (!name.ends_with(".position_embedding") || before == 0 || after == 0 || before == after ||
      table.size(2) != target.size(2)) {
    return table;
  }
  const std::int64_t width = table.size(2);
  const torch::Tensor grid =
      table.slice(1, 1).reshape({1, before, before, width}).permute({0, 3, 1, 2});
  const torch::Tensor resized =
      torch::nn::functional::interpolate(grid, torch::nn::functional::InterpolateFuncOptions()
                                                   .size(std::vector<std::int64_t>{after, after})
                                                   .mode(torch::kBicubic)
                                                   .align_corners(false));
  const torch::Tensor cells = resized.permute({0, 2, 3, 1}).reshape({1, after * after, width});
  return torch::cat({table.slice(1, 0, 1), cells}, 1);
}

}  // namespace blip::train
