// Position embeddings of the vision tower for another size of image.
#pragma once

#include <torch/torch.h>

#include <string>

namespace blip::train {

/// `table`, [1, 1 + n², C], as `target`, [1, 1 + m², C], has it: the class token's stays, the grid
/// is interpolated, bicubic without anti-aliasing, as the original does. Returns `table` itself if
/// `name` is not that of position embeddings of the vision tower, or the grid is the same, or
/// either is no square of the same width.
torch::Tensor on_grid_of(const torch::Tensor& target, const torch::Tensor& table,
                         const std::string& name);

}  // namespace blip::train
