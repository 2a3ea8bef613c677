// PictureCodes: the codes that a fixed VQGAN makes of pictures.
#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "train/data/example.hpp"
#include "train/model/vqgan_model.hpp"

namespace blip::train {

class PictureCodes {
 public:
  /// `kept`: pictures always look the same, mirrored or not, so their codes are computed once.
  PictureCodes(std::shared_ptr<const VqganTrainingModel> vqgan, bool kept);

  /// pixels: [B, 3, S, S], 0 to 1 → [B, L] int64, on the model's device
  [[nodiscard]] torch::Tensor of_pixels(const torch::Tensor& pixels) const;
  /// → [B, L] int64, on the model's device. Not for several threads at once.
  torch::Tensor operator()(std::span<const Example> examples);

 private:
  std::shared_ptr<const VqganTrainingModel> vqgan_;
  bool kept_;
  std::unordered_map<std::uint64_t, std::vector<std::int32_t>> known_;  // by sample and side
  std::size_t codes_ = 0;                                               // in known_
};

}  // namespace blip::train
