#include "train/model/vision_transformer.hpp"

#include <cmath>

#include "blip/error.hpp"
#include "train/model/recompute.hpp"

namespace blip::train {
namespace {

// A whole branch is skipped for some samples, and scaled up for the others. x: [B, N, C]
torch::Tensor drop_path(const torch::Tensor& x, double probability, bool training) {
  if (!training || probability == 0.0) return x;
  const double kept = 1.0 - probability;
  return x * torch::empty({x.size(0), 1, 1}, x.options()).bernoulli_(kept).div_(kept);
}

// x: [B, N, C] → [B, N, C]
torch::Tensor attend(const VisionBlock& block, std::int64_t heads, const torch::Tensor& x) {
  const auto parts = linear(block.qkv, x).chunk(3, -1);
  return linear(block.projection,
                attention(parts[0], parts[1], parts[2], {}, heads, /*dropout=*/0.0));
}

// x: [B, N, C] → [B, N, C]
torch::Tensor feed_forward(const VisionBlock& block, const torch::Tensor& x) {
  return linear(block.fc2, torch::gelu(linear(block.fc1, x)));
}

// x: [B, N, C] → [B, N, C]
torch::Tensor run_block(const VisionBlock& block, std::int64_t heads, const torch::Tensor& x,
                        bool training) {
  const torch::Tensor h = x + drop_path(attend(block, heads, layer_norm(block.layer_norm1, x)),
                                        block.drop_path, training);
  return h + drop_path(feed_forward(block, layer_norm(block.layer_norm2, h)), block.drop_path,
                       training);
}

std::vector<torch::Tensor> tensors_of(const VisionBlock& block) {
  return {block.layer_norm1.weight, block.layer_norm1.bias,  block.qkv.weight,
          block.qkv.bias,           block.projection.weight, block.projection.bias,
          block.layer_norm2.weight, block.layer_norm2.bias,  block.fc1.weight,
          block.fc1.bias,           block.fc2.weight,        block.fc2.bias};
}

// What the convolution that embeds patches reads, and how large its patches are there.
struct Patches {
  std::int64_t channels = 3;
  std::int64_t size = 0;
};
Patches patches_of(const BlipVisionConfig& config) {
  if (config.backbone_config) return {config.backbone_config->hidden_dim, 1};
  return {3, config.patch_size};
}

// torch's own initialisation of a convolution, which timm leaves as it is.
double patch_bound(const Patches& patches) {
  return 1.0 / std::sqrt(static_cast<double>(patches.channels * patches.size * patches.size));
}

bool is_square_of(const torch::Tensor& x, std::int64_t channels, std::int64_t size) {
  return x.dim() == 4 && x.size(1) == channels && x.size(2) == size && x.size(3) == size;
}

// images: [B, 3, S, S], or, `from_trunk`, [B, F, h, h] → [B, hidden_dim, h, h]
torch::Tensor backbone_map(const VisionTransformer& tower, const torch::Tensor& images,
                           bool from_trunk) {
  const torch::AutoGradMode gradients(!tower.is_backbone_fixed && torch::GradMode::is_enabled());
  return tower.backbone->head(from_trunk ? images : tower.backbone->trunk(images));
}

}  // namespace

torch::Tensor VisionTransformer::forward(const torch::Tensor& images, bool training) const {
  const std::int64_t size = config.image_size;
  const bool from_trunk =
      backbone && is_square_of(images, backbone->trunk_channels(), config.grid(config.image_size));
  if (!from_trunk && !is_square_of(images, 3, size)) {
    throw Error(ErrorCode::shape_mismatch, "images are " + shape_text(images.sizes()) +
                                               " instead of [B, 3, " + std::to_string(size) + ", " +
                                               std::to_string(size) + "]");
  }
  const std::int64_t batch = images.size(0);
  const torch::Tensor patches =
      torch::conv2d(backbone ? backbone_map(*this, images, from_trunk) : images,
                    patch_embedding.weight, patch_embedding.bias, patch_embedding.weight.size(2))
          .flatten(2)
          .transpose(1, 2);  // [B, C, S / P, S / P] → [B, N, C]
  torch::Tensor x =
      torch::cat({class_embedding.to(patches.dtype()).expand({batch, -1, -1}), patches}, 1) +
      position_embedding;

  const std::int64_t heads = config.num_attention_heads;
  const auto first_recomputed = static_cast<std::int64_t>(blocks.size()) - recomputed_blocks;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(blocks.size()); ++i) {
    const VisionBlock& block = blocks[static_cast<std::size_t>(i)];
    if (training && i >= first_recomputed) {
      const TensorFunction run = [block, heads](const torch::Tensor& input) {
        return run_block(block, heads, input, /*training=*/true);
      };
      x = recompute(run, x, tensors_of(block));
    } else {
      x = run_block(block, heads, x, training);
    }
  }
  return layer_norm(post_layernorm, x);
}

VisionTransformer add_vision_transformer(Parameters& parameters, const std::string& prefix,
                                         const BlipVisionConfig& config,
                                         const VisionOptions& options, Role role,
                                         const VisionTransformer* followed) {
  const std::int64_t width = config.hidden_size;
  const Patches patches = patches_of(config);
  const std::int64_t edge = config.grid(config.image_size);
  const double eps = config.layer_norm_eps;
  const InitialValue truncated = {InitialValue::Kind::truncated_normal, initial_deviation(width)};
  const InitialValue uniform = {InitialValue::Kind::uniform, patch_bound(patches)};
  VisionTransformer model;
  model.config = config;
  model.recomputed_blocks = options.recomputed_blocks;

  const std::string embeddings = prefix + "embeddings.";
  model.class_embedding =
      parameters.add(embeddings + "class_embedding", {1, 1, width}, role, truncated);
  model.position_embedding = parameters.add(embeddings + "position_embedding",
                                            {1, 1 + edge * edge, width}, role, truncated);
  model.is_backbone_fixed = options.is_backbone_fixed;
  if (followed != nullptr && followed->backbone && options.is_backbone_fixed) {
    model.backbone = followed->backbone;
  } else if (config.backbone_config) {
    model.backbone =
        add_efficientnet_lite(parameters, embeddings + "backbone.", *config.backbone_config,
                              options.is_backbone_fixed ? Role::fixed : role);
  }
  model.patch_embedding = {
      parameters.add(embeddings + "patch_embedding.weight",
                     {width, patches.channels, patches.size, patches.size}, role, uniform),
      parameters.add(embeddings + "patch_embedding.bias", {width}, role, uniform)};
  const int depth = config.num_hidden_layers;
  for (int i = 0; i < depth; ++i) {
    const std::string layer = prefix + "encoder.layers." + std::to_string(i) + ".";
    const auto add = [&](const std::string& name, std::int64_t outputs, std::int64_t inputs) {
      return add_linear(parameters, layer + name, outputs, inputs, role, truncated);
    };
    VisionBlock block;
    block.layer_norm1 = add_layer_norm(parameters, layer + "layer_norm1", width, eps, role);
    block.qkv = add("self_attn.qkv", 3 * width, width);
    block.projection = add("self_attn.projection", width, width);
    block.layer_norm2 = add_layer_norm(parameters, layer + "layer_norm2", width, eps, role);
    block.fc1 = add("mlp.fc1", config.intermediate_size, width);
    block.fc2 = add("mlp.fc2", width, config.intermediate_size);
    block.drop_path = depth > 1 ? options.drop_path * i / (depth - 1) : 0.0;
    model.blocks.push_back(block);
  }
  model.post_layernorm = add_layer_norm(parameters, prefix + "post_layernorm", width, eps, role);
  return model;
}

}  // namespace blip::train
