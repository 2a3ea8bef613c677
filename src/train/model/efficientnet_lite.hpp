// EfficientNet-Lite in training: the convolutional backbone of a hybrid vision tower.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "blip/config.hpp"
#include "train/model/parameters.hpp"

namespace blip::train {

/// A convolution without a bias and the batch norm behind it, which always uses its stored
/// statistics: they are what the network was trained with, and they stay.
struct NormedConvolution {
  torch::Tensor weight;        ///< [O, I / groups, K, K]
  torch::Tensor norm_weight;   ///< [O]
  torch::Tensor norm_bias;     ///< [O]
  torch::Tensor running_mean;  ///< [O]
  torch::Tensor running_var;   ///< [O]
  double eps = 0.0;
  std::int64_t stride = 1;
  std::int64_t groups = 1;
};

struct InvertedResidual {
  std::vector<NormedConvolution> expansion;  ///< none where the input is as wide
  NormedConvolution depthwise;
  NormedConvolution projection;
  bool adds_input = false;
};

struct EfficientNetLite {
  NormedConvolution stem;
  std::vector<InvertedResidual> blocks;
  NormedConvolution top;

  /// What `trunk` makes channels of: F.
  [[nodiscard]] std::int64_t trunk_channels() const { return top.weight.size(1); }
  /// All but the last convolution. images: [B, 3, S, S] → [B, F, ceil(S / 32), ceil(S / 32)]
  [[nodiscard]] torch::Tensor trunk(const torch::Tensor& images) const;
  /// The last convolution. x: [B, F, h, w] → [B, hidden_dim, h, w]
  [[nodiscard]] torch::Tensor head(const torch::Tensor& x) const;
};

/// Names begin with `prefix`. Weights have `role`; so have the statistics of a momentum copy,
/// others Role::fixed.
EfficientNetLite add_efficientnet_lite(Parameters& parameters, const std::string& prefix,
                                       const EfficientNetLiteConfig& config, Role role);

/// Whether a tensor of this name is a backbone's.
bool is_of_backbone(std::string_view name);

}  // namespace blip::train
