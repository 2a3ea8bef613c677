#include "train/run/flat_buckets.hpp"

#include <torch/torch.h>

#include <vector>

namespace blip::train {
namespace {

void change_bucket(std::span<const torch::Tensor> tensors,
                   const std::function<void(const torch::Tensor&)>& change) {
  std::vector<torch::Tensor> parts;
  parts.reserve(tensors.size());
  for (const torch::Tensor& tensor : tensors) parts.push_back(tensor.detach().reshape({-1}));
  const torch::Tensor flat = torch::cat(parts);
  change(flat);
  std::int64_t offset = 0;
  for (const torch::Tensor& tensor : tensors) {
    tensor.detach().copy_(flat.narrow(0, offset, tensor.numel()).view(tensor.sizes()));
    offset += tensor.numel();
  }
}

}  // namespace

void change_in_buckets(std::span<const torch::Tensor> tensors, std::size_t bucket_bytes,
                       const std::function<void(const torch::Tensor&)>& change) {
  const torch::NoGradGuard no_gradient;
  while (!tensors.empty()) {
    const torch::Tensor& first = tensors.front();
    std::size_t count = 1;
    std::size_t bytes = first.nbytes();
    while (count < tensors.size() && tensors[count].scalar_type() == first.scalar_type() &&
           tensors[count].device() == first.device() &&
           bytes + tensors[count].nbytes() <= bucket_bytes) {
      bytes += tensors[count].nbytes();
      ++count;
    }
    change_bucket(tensors.first(count), change);
    tensors = tensors.subspan(count);
  }
}

}  // namespace blip::train
