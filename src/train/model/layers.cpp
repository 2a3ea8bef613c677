#include "train/model/layers.hpp"

#include <torch/version.h>

#include <cmath>
#include <limits>
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
  return torch::layer_norm(x, layer.bias.sizes(), layer.weight, layer.bias, layer.eps);
}

torch::Tensor drop_out(const torch::Tensor& x, double rate) {
  if (!x.is_cpu()) return torch::dropout(x, rate, /*train=*/true);
  constexpr std::int64_t kElements = 4;  // 16 bits each
  constexpr double kSteps = 65536.0;
  using Limits = std::numeric_limits<std::int64_t>;
  const auto dropped = static_cast<std::int64_t>(std::llround(rate * kSteps));
  const std::int64_t numbers = (x.numel() + kElements - 1) / kElements;
  const torch::Tensor bits =
      torch::empty({numbers}, torch::kInt64).random_(Limits::min(), Limits::max());
  const torch::Tensor is_kept = bits.view(torch::kInt16)
                                    .slice(0, 0, x.numel())
                                    .view(x.sizes())
                                    .ge(dropped + std::numeric_limits<std::int16_t>::min());
  const double scale = kSteps / (kSteps - static_cast<double>(dropped));
  return x * is_kept.to(x.dtype()).mul_(scale);
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
  const auto plainly = [&] {
    const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(-1)));
    torch::Tensor scores = torch::matmul(q * scale, k.transpose(-1, -2));
    if (mask.defined()) scores = scores + mask.to(scores.dtype());
    torch::Tensor probabilities = torch::softmax(scores, -1);
    if (dropout > 0.0) probabilities = drop_out(probabilities, dropout);
    return torch::matmul(probabilities, v);
  };
#if TORCH_VERSION_MAJOR >= 2
  // The same numbers without an array of all scores, on devices that have a kernel for it.
  const auto bias =
      mask.defined() ? std::optional<torch::Tensor>(mask.to(q.dtype())) : std::nullopt;
  const torch::Tensor attended = q.is_cpu() && dropout > 0.0
                                     ? plainly()  // libtorch has no such kernel with dropout
                                     : at::scaled_dot_product_attention(q, k, v, bias, dropout);
#else
  const torch::Tensor attended = plainly();
#endif
  return attended.transpose(1, 2).reshape(query.sizes());
}

}  // namespace blip::train
