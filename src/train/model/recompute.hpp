// recompute: a function whose activations are computed again on the way back instead of kept.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <vector>

namespace blip::train {

using TensorFunction = std::function<torch::Tensor(const torch::Tensor&)>;

/// function(x), with gradients for `x` and for `parameters`, which must be all the tensors with
/// gradients that `function` reads besides x. Backward runs `function` a second time with the
/// random numbers of the first, so that dropout drops the same elements, and under autocast if the
/// first was; values and gradients are those of a plain call, bit for bit where the operations are
/// deterministic.
torch::Tensor recompute(const TensorFunction& function, const torch::Tensor& x,
                        const std::vector<torch::Tensor>& parameters);

}  // namespace blip::train
