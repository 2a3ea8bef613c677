#include "model/patch_embedding.hpp"

#include <algorithm>
#include <string>

#include "blip/error.hpp"
#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/layout/divide_up.hpp"
#include "kernels/linear.hpp"
#include "model/colours.hpp"

namespace blip {
namespace {

// pixels: [3, H, W] → out: [grid_height * grid_width, 3 * patch * patch]: each patch as the row
// that the convolution's weight [E, 3, patch, patch] multiplies.
void gather_patches(const float* pixels, std::int64_t height, std::int64_t width,
                    std::int64_t patch, float* out) {
  for (std::int64_t top = 0; top + patch <= height; top += patch) {
    for (std::int64_t left = 0; left + patch <= width; left += patch) {
      for (std::int64_t colour = 0; colour < kColours; ++colour) {
        for (std::int64_t y = top; y < top + patch; ++y) {
          out = std::copy_n(pixels + (colour * height + y) * width + left, patch, out);
        }
      }
    }
  }
}

}  // namespace

PatchEmbedding::PatchEmbedding(WeightLoader& loader, const VisionTransformer& tower) {
  const std::int64_t hidden = tower.hidden_size;
  const std::string name = tower.prefix + tower.names.patch;
  if (tower.backbone) {
    backbone_.emplace(loader, *tower.backbone, tower.prefix + tower.names.backbone,
                      tower.image_size);
    stride_ = tower.backbone->total_stride();
    inputs_ = backbone_->channels();
    projection_.weight = loader.matrix(name + ".weight", {hidden, inputs_, 1, 1});
  } else {
    patch_ = tower.patch_size;
    inputs_ = kColours * patch_ * patch_;
    projection_.weight = loader.matrix(name + ".weight", {hidden, kColours, patch_, patch_});
  }
  if (tower.patch_bias) projection_.bias = loader.values(name + ".bias", {hidden});
}

PatchEmbedding::Grid PatchEmbedding::grid(std::int64_t height, std::int64_t width) const {
  if (backbone_) return {divide_up(height, stride_), divide_up(width, stride_)};
  if (height < patch_ || width < patch_) {
    throw Error(ErrorCode::invalid_argument,
                "an image of " + std::to_string(width) + "×" + std::to_string(height) +
                    " pixels is smaller than the model's patch of " + std::to_string(patch_));
  }
  return {height / patch_, width / patch_};
}

void PatchEmbedding::embed(const float* pixels, std::int64_t batch, std::int64_t height,
                           std::int64_t width, float* out, Context& context) const {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t patches = grid(height, width).patches();
  auto* rows =
      context.scratch().allocate<float>(static_cast<std::size_t>(batch * patches * inputs_));
  if (backbone_) {
    backbone_->encode(pixels, batch, height, width, rows, context);
  } else {
    context.threads().parallel_for(static_cast<std::size_t>(batch), [&](std::size_t index, int) {
      const auto image = static_cast<std::int64_t>(index);
      gather_patches(pixels + image * kColours * height * width, height, width, patch_,
                     rows + image * patches * inputs_);
    });
  }
  linear(rows, batch * patches, projection_, out, context);
}

}  // namespace blip
