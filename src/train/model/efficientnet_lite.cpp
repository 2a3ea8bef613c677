#include "train/model/efficientnet_lite.hpp"

#include <algorithm>
#include <cmath>

#include "architectures/efficientnet_lite/blocks.hpp"

namespace blip::train {
namespace {

// TensorFlow's SAME: as many places as the input has strides, padded by zeros, of which the end
// gets the odd one. x: [B, C, H, W] → [B, C, H + padding, W + padding]
torch::Tensor padded(const torch::Tensor& x, std::int64_t kernel, std::int64_t stride) {
  std::vector<std::int64_t> padding;  // of the last dimension first
  for (const std::int64_t size : {x.size(3), x.size(2)}) {
    const std::int64_t places = (size + stride - 1) / stride;
    const std::int64_t total = std::max<std::int64_t>((places - 1) * stride + kernel - size, 0);
    padding.push_back(total / 2);
    padding.push_back(total - total / 2);
  }
  return torch::constant_pad_nd(x, padding);
}

// The norm is a factor and an offset for each channel, so it goes into the convolution:
// (w ∗ x - mean) · g / √(var + eps) + b. x: [B, I, H, W] → [B, O, h, w]
torch::Tensor convolve(const NormedConvolution& layer, const torch::Tensor& x) {
  const torch::Tensor factor = layer.norm_weight / torch::sqrt(layer.running_var + layer.eps);
  const torch::Tensor weight = layer.weight * factor.view({-1, 1, 1, 1});
  const torch::Tensor bias = layer.norm_bias - layer.running_mean * factor;
  const std::int64_t kernel = weight.size(2);
  const std::int64_t stride = layer.stride;
  // Padding that is the same on all sides is left to the convolution, which need not copy for it.
  const bool is_even = stride == 1 && kernel % 2 == 1;
  const std::int64_t around = is_even ? kernel / 2 : 0;
  return torch::conv2d(is_even ? x : padded(x, kernel, stride), weight, bias,
                       /*stride=*/torch::IntArrayRef(stride), torch::IntArrayRef(around),
                       /*dilation=*/1, layer.groups);
}

torch::Tensor activated(const NormedConvolution& layer, const torch::Tensor& x) {
  constexpr double kMost = 6.0;  // ReLU6
  return torch::clamp(convolve(layer, x), 0.0, kMost);
}

NormedConvolution add_convolution(Parameters& parameters, const std::string& convolution,
                                  const std::string& norm, torch::IntArrayRef shape, double eps,
                                  Role role) {
  const double fan_in = static_cast<double>(shape[1] * shape[2] * shape[3]);
  const Role statistics = role == Role::momentum ? role : Role::fixed;
  NormedConvolution layer;
  layer.weight = parameters.add(convolution + ".weight", shape, role,
                                {InitialValue::Kind::normal, std::sqrt(2.0 / fan_in)});
  const auto add = [&](const char* name, Role what, double value) {
    return parameters.add(norm + name, {shape[0]}, what, {InitialValue::Kind::constant, value});
  };
  layer.norm_weight = add(".weight", role, 1.0);
  layer.norm_bias = add(".bias", role, 0.0);
  layer.running_mean = add(".running_mean", statistics, 0.0);
  layer.running_var = add(".running_var", statistics, 1.0);
  layer.eps = eps;
  return layer;
}

}  // namespace

torch::Tensor EfficientNetLite::trunk(const torch::Tensor& images) const {
  // Channels last: pointwise convolutions are then products of matrices as they lie.
  torch::Tensor x = activated(stem, images.contiguous(torch::MemoryFormat::ChannelsLast));
  for (const InvertedResidual& block : blocks) {
    torch::Tensor y = x;
    for (const NormedConvolution& layer : block.expansion) y = activated(layer, y);
    y = convolve(block.projection, activated(block.depthwise, y));
    x = block.adds_input ? x + y : y;
  }
  return x;
}

torch::Tensor EfficientNetLite::head(const torch::Tensor& x) const {
  return activated(top, x);
}

EfficientNetLite add_efficientnet_lite(Parameters& parameters, const std::string& prefix,
                                       const EfficientNetLiteConfig& config, Role role) {
  const double eps = config.batch_norm_eps;
  const auto add = [&](const std::string& convolution, const std::string& norm,
                       torch::IntArrayRef shape) {
    return add_convolution(parameters, prefix + convolution, prefix + norm, shape, eps, role);
  };
  EfficientNetLite model;
  model.stem = add("embeddings.convolution", "embeddings.batchnorm",
                   {stem_channels(config), 3, kStemKernel, kStemKernel});
  model.stem.stride = kStemStride;
  std::size_t number = 0;
  std::int64_t channels = 0;
  for (const EfficientNetLiteBlock& block : blocks_of(config)) {
    const std::string name = "encoder.blocks." + std::to_string(number++) + ".";
    InvertedResidual layers;
    if (block.expands()) {
      layers.expansion = {add(name + "expansion.expand_conv", name + "expansion.expand_bn",
                              {block.expanded, block.inputs, 1, 1})};
    }
    layers.depthwise =
        add(name + "depthwise_conv.depthwise_conv", name + "depthwise_conv.depthwise_norm",
            {block.expanded, 1, block.kernel, block.kernel});
    layers.depthwise.stride = block.stride;
    layers.depthwise.groups = block.expanded;
    layers.projection = add(name + "projection.project_conv", name + "projection.project_bn",
                            {block.outputs, block.expanded, 1, 1});
    layers.adds_input = block.adds_input();
    model.blocks.push_back(layers);
    channels = block.outputs;
  }
  model.top = add("encoder.top_conv", "encoder.top_bn", {config.hidden_dim, channels, 1, 1});
  return model;
}

bool is_of_backbone(std::string_view name) {
  return name.find(".embeddings.backbone.") != std::string_view::npos;
}

}  // namespace blip::train
