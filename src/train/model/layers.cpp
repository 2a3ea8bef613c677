#include "train/model/layers.hpp"

#include <torch/version.h>

#include <cmath>
#include <optional>

namespace blip::train {

double initial_deviation(std::int64_t width) {
  constexpr double kPublishedDeviation = 0.02;
  constexpr double kPublishedWidth = 768;
  const double ratio = kPublishedWidth / static_cast<double>(width);
  return ratio > 1.0 ? kPublishedDeviation * std::sqrt(ratio) : kPublishedDeviation;
}

Linear add_linear(Parameters& parameters, const std::string& prefix, std::int64_t outputs,
                  std::int64_t inputs, Role role, InitialValue weight) {
  return {parameters.add(prefix + ".weight", {outputs, inputs}, role, weight),
          parameters.add(prefix + ".bias", {outputs}, role, {})};
}

Linear add_head(Parameters& parameters, const std::string& prefix, std::int64_t outputs,
                std::int64_t inputs, Role role) {
  const InitialValue uniform = {InitialValue::Kind::uniform,
                                1.0 / std::sqrt(static_cast<double>(inputs))};
  return {parameters.add(prefix + ".weight", {outputs, inputs}, role, uniform),
          parameters.add(prefix + ".bias", {outputs}, role, uniform)};
}

LayerNorm add_layer_norm(Parameters& parameters, const std::string& prefix, std::int64_t size,
                         double eps, Role role) {
  return {parameters.add(prefix + ".weight", {size}, role, {InitialValue::Kind::constant, 1.0}),
          parameters.add(prefix + ".bias", {size}, role, {InitialValue::Kind::constant, 0.0}), eps};
}

torch::Tensor linear(const Linear& layer, const torch::Tensor& x) {
  return torch::linear(x, layer.weight, layer.bias);
}

torch::Tensor layer_norm(const LayerNorm& layer, const torch::Tensor& x) {
  return torch::layer_norm(x, layer.weight.sizes(), layer.weight, layer.bias, layer.eps);
}

torch::Tensor attention(const torch::Tensor& query, const torch::Tensor& key,
                        const torch::Tensor& value, const torch::Tensor& mask, std::int64_t heads,
                        double dropout) {
  // [B, T, H] → [B, heads, T, H / heads]
  const auto split = [&](const torch::Tensor& x) {
    return x.view({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
  };
  const torch::Tensor q = split(query);
  const torch::Tensor k = split(key);
  const torch::Tensor v = split(value);
#if TORCH_VERSION_MAJOR >= 2
  // The same numbers without an array of all scores, on devices that have a kernel for it.
  const auto bias =
      mask.defined() ? std::optional<torch::Tensor>(mask.to(q.dtype())) : std::nullopt;
  const torch::Tensor attended = at::scaled_dot_product_attention(q, k, v, bias, dropout);
#else
  torch::Tensor scores =
      torch::matmul(q, k.transpose(-1, -2)) / std::sqrt(static_cast<double>(q.size(-1)));
  if (mask.defined()) scores = scores + mask;
  torch::Tensor probabilities = torch::softmax(scores, -1);
  if (dropout > 0.0) probabilities = torch::dropout(probabilities, dropout, /*train=*/true);
  const torch::Tensor attended = torch::matmul(probabilities, v);
#endif
  return attended.transpose(1, 2).reshape(query.sizes());
}

}  // namespace blip::train
