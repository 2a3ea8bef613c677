#include "model/vision_model.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "blip/error.hpp"
#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/attention.hpp"
#include "kernels/linear.hpp"
#include "model/position_embedding.hpp"

namespace blip {
namespace {

constexpr std::int64_t kColours = 3;

VisionLayer load_layer(WeightLoader& loader, const BlipVisionConfig& config,
                       const std::string& prefix) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t inner = config.intermediate_size;
  return {
      .layer_norm1 = loader.layer_norm(prefix + "layer_norm1", hidden, config.layer_norm_eps),
      .qkv = loader.linear(prefix + "self_attn.qkv", 3 * hidden, hidden),
      .projection = loader.linear(prefix + "self_attn.projection", hidden, hidden),
      .layer_norm2 = loader.layer_norm(prefix + "layer_norm2", hidden, config.layer_norm_eps),
      .fc1 = loader.linear(prefix + "mlp.fc1", inner, hidden),
      .fc2 = loader.linear(prefix + "mlp.fc2", hidden, inner),
  };
}

// pixels: [3, H, W] → out: [grid_height * grid_width, 3 * patch * patch]: each patch as the row
// that the convolution's weight [E, 3, patch, patch] multiplies. Pixels past the last whole patch
// are dropped, as a convolution without padding drops them.
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

VisionModel::VisionModel(WeightLoader& loader, const BlipVisionConfig& config,
                         const std::string& prefix)
    : config_(config) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t patch = config.patch_size;
  const std::string embeddings = prefix + "embeddings.";
  class_embedding_ = loader.values(embeddings + "class_embedding", {1, 1, hidden});
  load_positions(loader, embeddings + "position_embedding");
  patch_embedding_ = {
      loader.matrix(embeddings + "patch_embedding.weight", {hidden, kColours, patch, patch}),
      loader.values(embeddings + "patch_embedding.bias", {hidden})};
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    layers_.push_back(
        load_layer(loader, config, prefix + "encoder.layers." + std::to_string(i) + "."));
  }
  post_layernorm_ = loader.layer_norm(prefix + "post_layernorm", hidden, config.layer_norm_eps);
}

// A checkpoint trained at another image size than config.json gives (Salesforce's VQA model: 480
// px, run at 384) has another grid, which is resampled as their own loader does.
void VisionModel::load_positions(WeightLoader& loader, const std::string& name) {
  const std::int64_t hidden = config_.hidden_size;
  const std::int64_t grid = config_.image_size / config_.patch_size;
  const std::vector<std::int64_t> shape = loader.shape_of(name);
  const std::int64_t rows = shape.size() == 3 ? shape[1] : 0;
  const auto stored_grid = static_cast<std::int64_t>(
      std::sqrt(static_cast<double>(std::max<std::int64_t>(rows - 1, 0))));
  if (stored_grid == 0 || stored_grid == grid || stored_grid * stored_grid + 1 != rows) {
    position_embedding_ = loader.values(name, {1, grid * grid + 1, hidden});
    return;
  }
  const float* stored = loader.values(name, {1, rows, hidden});
  resampled_positions_.resize(static_cast<std::size_t>((grid * grid + 1) * hidden));
  interpolate_position_embedding(stored, stored_grid, hidden, grid, grid,
                                 resampled_positions_.data());
  position_embedding_ = resampled_positions_.data();
}

std::int64_t VisionModel::token_count(std::int64_t height, std::int64_t width) const {
  const std::int64_t patch = config_.patch_size;
  if (height < patch || width < patch) {
    throw Error(ErrorCode::invalid_argument,
                "an image of " + std::to_string(width) + "×" + std::to_string(height) +
                    " pixels is smaller than the model's patch of " + std::to_string(patch));
  }
  return (height / patch) * (width / patch) + 1;
}

void VisionModel::embed(const float* pixels, std::int64_t batch, std::int64_t height,
                        std::int64_t width, float* out, Context& context) const {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t hidden = config_.hidden_size;
  const std::int64_t patch = config_.patch_size;
  const std::int64_t patch_size = kColours * patch * patch;
  const std::int64_t tokens = token_count(height, width);
  const std::int64_t patches = tokens - 1;

  const float* positions = position_embedding_;
  if (height != config_.image_size || width != config_.image_size) {
    auto* interpolated =
        context.scratch().allocate<float>(static_cast<std::size_t>(tokens * hidden));
    interpolate_position_embedding(position_embedding_, config_.image_size / patch, hidden,
                                   height / patch, width / patch, interpolated);
    positions = interpolated;
  }

  auto* gathered =
      context.scratch().allocate<float>(static_cast<std::size_t>(batch * patches * patch_size));
  auto* embedded =
      context.scratch().allocate<float>(static_cast<std::size_t>(batch * patches * hidden));
  context.threads().parallel_for(static_cast<std::size_t>(batch), [&](std::size_t index, int) {
    const auto image = static_cast<std::int64_t>(index);
    gather_patches(pixels + image * kColours * height * width, height, width, patch,
                   gathered + image * patches * patch_size);
  });
  linear(gathered, batch * patches, patch_embedding_, embedded, context);

  for (std::int64_t image = 0; image < batch; ++image) {
    float* row = out + image * tokens * hidden;
    for (std::int64_t i = 0; i < hidden; ++i) row[i] = class_embedding_[i] + positions[i];
    const float* source = embedded + image * patches * hidden;
    for (std::int64_t i = 0; i < patches * hidden; ++i) {
      row[hidden + i] = source[i] + positions[hidden + i];
    }
  }
}

void VisionModel::encode(const float* pixels, std::int64_t batch, std::int64_t height,
                         std::int64_t width, float* out, Context& context) const {
  const Scratch::Frame frame(context.scratch());
  ThreadPool& threads = context.threads();
  const std::int64_t hidden = config_.hidden_size;
  const std::int64_t inner = config_.intermediate_size;
  const std::int64_t heads = config_.num_attention_heads;
  const std::int64_t tokens = token_count(height, width);
  const std::int64_t rows = batch * tokens;
  const auto allocate = [&](std::int64_t columns) {
    return context.scratch().allocate<float>(static_cast<std::size_t>(rows * columns));
  };

  float* x = allocate(hidden);                          // the residual stream
  float* next = allocate(hidden);                       // what it becomes
  float* normal = allocate(hidden);                     // layer norm's output, then attention's
  float* wide = allocate(std::max(3 * hidden, inner));  // qkv, then the MLP's inside
  embed(pixels, batch, height, width, x, context);

  for (const VisionLayer& layer : layers_) {
    layer_norm(x, layer.layer_norm1, rows, hidden, normal, threads);
    linear(normal, rows, layer.qkv, wide, context);
    self_attention(wide, batch, tokens, heads, hidden / heads, normal, context);
    linear(normal, rows, layer.projection, next, context, Epilogue::bias_residual, x);
    std::swap(x, next);

    layer_norm(x, layer.layer_norm2, rows, hidden, normal, threads);
    linear(normal, rows, layer.fc1, wide, context, Epilogue::bias_gelu);
    linear(wide, rows, layer.fc2, next, context, Epilogue::bias_residual, x);
    std::swap(x, next);
  }
  layer_norm(x, post_layernorm_, rows, hidden, out, threads);
}

void VisionModel::pool(const float* state, float* out) const {
  layer_norm(state, post_layernorm_, 1, config_.hidden_size, out);
}

}  // namespace blip
