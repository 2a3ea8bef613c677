// Linear layers and layer norms: weights, and what they compute.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>

#include "train/model/parameters.hpp"

namespace blip::train {

struct Linear {
  torch::Tensor weight;  ///< [O, I]
  torch::Tensor bias;    ///< [O]
};

struct LayerNorm {
  torch::Tensor weight;  ///< [C]; undefined: 1 everywhere
  torch::Tensor bias;    ///< [C]
  double eps = 0.0;
};

/// The standard deviation of new matrices and embeddings in a tower of this width: BERT's and
/// timm's 0.02 from the published width of 768 on. Narrower towers get more, so that a layer's
/// outputs, sums over the width, spread as far as there: with 0.02 a tower of width 128 is all but
/// linear at first, GELU being near 0 and attention uniform.
double initial_deviation(std::int64_t width);

/// Adds "PREFIX.weight" and "PREFIX.bias" (zeros).
Linear add_linear(Parameters& parameters, const std::string& prefix, std::int64_t outputs,
                  std::int64_t inputs, Role role, InitialValue weight);
/// The same as torch::nn::Linear initialises itself: U(±1/sqrt(inputs)), the bias too.
Linear add_head(Parameters& parameters, const std::string& prefix, std::int64_t outputs,
                std::int64_t inputs, Role role);
/// Adds "PREFIX.weight" (ones) and "PREFIX.bias" (zeros).
LayerNorm add_layer_norm(Parameters& parameters, const std::string& prefix, std::int64_t size,
                         double eps, Role role);

/// x: [..., I] → [..., O]
torch::Tensor linear(const Linear& layer, const torch::Tensor& x);
/// x: [..., C] → [..., C], over the last dimension
torch::Tensor layer_norm(const LayerNorm& layer, const torch::Tensor& x);

/// Each element becomes 0 with probability `rate`, to a 65,536th; the others grow so that the mean
/// stays. On a CPU a random number serves four elements, which takes a third of torch::dropout's
/// time.
torch::Tensor drop_out(const torch::Tensor& x, double rate);

/// query: [B, Tq, H], key, value: [B, Tk, H] → [B, Tq, H]; H is split into `heads`, scores are
/// divided by sqrt(H / heads). `mask` is added to the scores and broadcasts to
/// [B, heads, Tq, Tk]; undefined: none. Probabilities are dropped out with rate `dropout`.
torch::Tensor attention(const torch::Tensor& query, const torch::Tensor& key,
                        const torch::Tensor& value, const torch::Tensor& mask, std::int64_t heads,
                        double dropout);

}  // namespace blip::train
