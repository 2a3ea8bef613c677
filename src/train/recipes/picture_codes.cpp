#include "train/recipes/picture_codes.hpp"

#include <utility>

#include "train/data/batch_tensors.hpp"
#include "train/recipes/picture_values.hpp"

namespace blip::train {
namespace {

// 256 MB of them: a million pictures of 64 codes, a quarter million of 256. Those of further
// pictures are computed each time.
constexpr std::size_t kMaxKeptCodes = std::size_t{64} << 20;

// By the sample: two files may call different pictures by one id.
std::uint64_t look_of(const Example& example) {
  return std::uint64_t{example.sample} * 2 + (example.is_mirrored ? 1 : 0);
}

}  // namespace

PictureCodes::PictureCodes(std::shared_ptr<const VqganTrainingModel> vqgan, bool kept)
    : vqgan_(std::move(vqgan)), kept_(kept) {}

torch::Tensor PictureCodes::of_pixels(const torch::Tensor& pixels) const {
  const torch::NoGradGuard no_grad;
  // Not in bfloat16: codes that are near each other would change places.
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  const torch::Tensor latents = vqgan_->encode(pixels.to(vqgan_->parameters.device()));
  return vqgan_->nearest_codes(latents).flatten(1);
}

torch::Tensor PictureCodes::operator()(std::span<const Example> examples) {
  if (!kept_) return of_pixels(picture_tensor(examples, 0, plain_pictures()));
  std::vector<Example> unknown;
  for (const Example& example : examples) {
    if (!known_.contains(look_of(example))) unknown.push_back(example);
  }
  std::unordered_map<std::uint64_t, std::vector<std::int32_t>> passing;
  if (!unknown.empty()) {
    const torch::Tensor computed = of_pixels(picture_tensor(unknown, 0, plain_pictures()))
                                       .to(torch::kCPU, torch::kInt32)
                                       .contiguous();  // [U, L]
    const auto length = static_cast<std::size_t>(computed.size(1));
    for (std::size_t i = 0; i < unknown.size(); ++i) {
      const auto* row = computed.data_ptr<std::int32_t>() + i * length;
      const bool has_room = codes_ + length <= kMaxKeptCodes;
      auto& place = has_room ? known_ : passing;
      if (place.emplace(look_of(unknown[i]), std::vector(row, row + length)).second && has_room) {
        codes_ += length;
      }
    }
  }
  std::vector<torch::Tensor> rows;
  for (const Example& example : examples) {
    const auto known = known_.find(look_of(example));
    rows.push_back(torch::tensor(
        known != known_.end() ? known->second : passing.at(look_of(example)), torch::kInt64));
  }
  return torch::stack(rows).to(vqgan_->parameters.device());
}

}  // namespace blip::train
