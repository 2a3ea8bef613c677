#include "model/folded_convolution.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

namespace blip {

Convolution load_folded_convolution(WeightLoader& loader, const FoldedNames& names,
                                    const ConvolutionShape& shape, float epsilon,
                                    std::int64_t size) {
  const std::int64_t outputs = shape.outputs;
  std::vector<float> weight =
      loader.floats(names.convolution + ".weight",
                    {outputs, shape.inputs / shape.groups, shape.kernel, shape.kernel});
  const float* gamma = loader.values(names.batch_norm + ".weight", {outputs});
  const float* beta = loader.values(names.batch_norm + ".bias", {outputs});
  const float* mean = loader.values(names.batch_norm + ".running_mean", {outputs});
  const std::string variance_name = names.batch_norm + ".running_var";
  const float* variance = loader.values(variance_name, {outputs});

  std::vector<float> bias(static_cast<std::size_t>(outputs));
  const std::size_t taps = weight.size() / bias.size();
  for (std::size_t output = 0; output < bias.size(); ++output) {
    const double spread = static_cast<double>(variance[output]) + static_cast<double>(epsilon);
    if (!std::isfinite(spread) || spread <= 0.0) {
      loader.refuse(variance_name,
                    "has a variance that no batch norm has, of channel " + std::to_string(output));
    }
    const double factor = static_cast<double>(gamma[output]) / std::sqrt(spread);
    bias[output] = static_cast<float>(static_cast<double>(beta[output]) -
                                      static_cast<double>(mean[output]) * factor);
    for (std::size_t tap = output * taps; tap < (output + 1) * taps; ++tap) {
      weight[tap] = static_cast<float>(static_cast<double>(weight[tap]) * factor);
    }
  }
  return loader.shared({shape, weight.data(), bias.data(), with_same_padding(size, size, shape)});
}

}  // namespace blip
