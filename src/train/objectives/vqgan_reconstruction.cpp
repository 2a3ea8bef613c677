#include "train/objectives/vqgan_reconstruction.hpp"

#include <cstdint>
#include <tuple>

#include "train/objectives/loss_precision.hpp"

namespace blip::train {
namespace {

// What is left of a count after a step: a code that is not chosen any more is at a tenth of its
// share after 22.
constexpr double kUseDecay = 0.9;

// latents: [B, h, h, D]. Codes that are hardly used become latents of this step, those of all
// processes, evenly spaced: every process does the same.
void restart_codes(const VqganTrainingModel& model, const torch::Tensor& latents, double share,
                   const RankGather& gather) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor own = for_loss(latents.detach()).reshape({-1, latents.size(3)});
  const std::int64_t count = gather.world_size * own.size(0);
  const double equal = static_cast<double>(count) / static_cast<double>(model.code_use.size(0));
  // The same in every process, so that all of them gather or none.
  const torch::Tensor unused = model.code_use.lt(share * equal).nonzero().squeeze(1);  // [U]
  if (unused.size(0) == 0) return;
  const torch::Tensor rows = gather.rows(own);  // [W · B · h · h, D]
  const torch::Tensor places =
      torch::arange(unused.size(0), unused.options()).mul_(count).floor_divide_(unused.size(0));
  torch::Tensor(model.codebook)
      .index_copy_(0, unused, rows.index_select(0, places).to(model.codebook.dtype()));
  torch::Tensor(model.code_use).index_fill_(0, unused, equal);
}

// codes: [B, h, h], of this process
void count_codes(const VqganTrainingModel& model, const torch::Tensor& codes,
                 const RankGather& gather) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor all = gather.rows(codes.reshape({-1}));
  const torch::Tensor counts = torch::bincount(all, {}, model.code_use.size(0));
  torch::Tensor(model.code_use)
      .mul_(kUseDecay)
      .add_(counts.to(model.code_use.dtype()), 1.0 - kUseDecay);
}

}  // namespace

VqganLosses vqgan_losses(const VqganTrainingModel& model, const torch::Tensor& pixels,
                         const VqganLossOptions& options, const RankGather* gather) {
  const torch::Tensor latents = for_loss(model.encode(pixels));  // [B, h, h, D]
  if (gather != nullptr && options.restart_share > 0) {
    restart_codes(model, latents, options.restart_share, *gather);
  }
  const torch::Tensor codes = model.nearest_codes(latents);               // [B, h, h]
  const torch::Tensor vectors = torch::embedding(model.codebook, codes);  // [B, h, h, D]
  if (gather != nullptr) count_codes(model, codes, *gather);

  VqganLosses losses;
  losses.codebook = torch::mse_loss(vectors, latents.detach());
  losses.commitment = torch::mse_loss(latents, vectors.detach());
  // The straight-through estimator: the vectors' values, the latents' gradient.
  const torch::Tensor pictures = model.decode(latents + (vectors - latents).detach());
  losses.reconstruction = torch::l1_loss(for_loss(pictures), for_loss(pixels));
  losses.squared_error = torch::mse_loss(for_loss(pictures), for_loss(pixels));
  losses.used_codes =
      torch::full({}, static_cast<double>(std::get<0>(at::_unique2(codes)).numel()));
  losses.total = losses.reconstruction + options.squared_error_weight * losses.squared_error +
                 options.codebook_weight * losses.codebook +
                 options.commitment_weight * losses.commitment;
  return losses;
}

}  // namespace blip::train
