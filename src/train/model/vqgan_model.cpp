#include "train/model/vqgan_model.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "architectures/dalle/config.hpp"
#include "blip/error.hpp"

namespace blip::train {
namespace {

constexpr std::int64_t kRgb = 3;
// Latents whose nearest codes are looked for in one product.
constexpr std::int64_t kRowsTogether = 1024;

// Adds the layers by their names, in the order of the data.
class Builder {
 public:
  Builder(Parameters& parameters, const VqganConfig& config, Role role)
      : parameters_(parameters), config_(config), role_(role) {}

  // As torch.nn.Conv2d initialises itself: U(±1/sqrt(inputs · k²)).
  [[nodiscard]] ImageConvolution convolution(const std::string& name, std::int64_t outputs,
                                             std::int64_t inputs, std::int64_t kernel) const {
    const InitialValue uniform = {InitialValue::Kind::uniform,
                                  1.0 / std::sqrt(static_cast<double>(inputs * kernel * kernel))};
    return {parameters_.add(name + ".weight", {outputs, inputs, kernel, kernel}, role_, uniform),
            parameters_.add(name + ".bias", {outputs}, role_, uniform)};
  }

  [[nodiscard]] GroupNorm norm(const std::string& name, std::int64_t channels) const {
    return {
        parameters_.add(name + ".weight", {channels}, role_, {InitialValue::Kind::constant, 1.0}),
        parameters_.add(name + ".bias", {channels}, role_, {})};
  }

  [[nodiscard]] ResnetBlock resnet_block(const std::string& name, std::int64_t inputs,
                                         std::int64_t outputs) const {
    ResnetBlock block = {.norm1 = norm(name + ".norm1", inputs),
                         .conv1 = convolution(name + ".conv1", outputs, inputs, 3),
                         .norm2 = norm(name + ".norm2", outputs),
                         .conv2 = convolution(name + ".conv2", outputs, outputs, 3),
                         .shortcut = std::nullopt};
    if (inputs != outputs) {
      block.shortcut = convolution(name + ".nin_shortcut", outputs, inputs, 1);
    }
    return block;
  }

  [[nodiscard]] ImageAttention attention(const std::string& name, std::int64_t channels) const {
    return {.norm = norm(name + ".norm", channels),
            .query = convolution(name + ".q", channels, channels, 1),
            .key = convolution(name + ".k", channels, channels, 1),
            .value = convolution(name + ".v", channels, channels, 1),
            .output = convolution(name + ".proj_out", channels, channels, 1)};
  }

  // channels: what the level gets, then what it gives; resize: the name of the convolution that
  // changes the size, empty for none
  [[nodiscard]] VqganLevel level(const std::string& name, std::size_t number, int blocks,
                                 const std::string& resize, std::int64_t& channels) const {
    const std::int64_t outputs = static_cast<std::int64_t>(config_.ch) * config_.ch_mult[number];
    const bool attends =
        std::ranges::find(config_.attn_resolutions, config_.resolution >> number) !=
        config_.attn_resolutions.end();
    VqganLevel level;
    for (int i = 0; i < blocks; ++i) {
      const std::string index = std::to_string(i);
      level.blocks.push_back(resnet_block(name + "block." + index, channels, outputs));
      if (attends) level.attentions.push_back(attention(name + "attn." + index, outputs));
      channels = outputs;
    }
    if (!resize.empty()) level.resize = convolution(name + resize + ".conv", channels, channels, 3);
    return level;
  }

  void middle(const std::string& name, std::int64_t channels, VqganTower& tower) const {
    tower.middle1 = resnet_block(name + "mid.block_1", channels, channels);
    tower.middle_attention = attention(name + "mid.attn_1", channels);
    tower.middle2 = resnet_block(name + "mid.block_2", channels, channels);
  }

  [[nodiscard]] VqganTower encoder(const std::string& name) const {
    VqganTower tower;
    const std::size_t levels = config_.ch_mult.size();
    std::int64_t channels = config_.ch;
    tower.first = convolution(name + "conv_in", channels, kRgb, 3);
    for (std::size_t i = 0; i < levels; ++i) {
      tower.levels.push_back(level(name + "down." + std::to_string(i) + ".", i,
                                   config_.num_res_blocks, i + 1 < levels ? "downsample" : "",
                                   channels));
    }
    middle(name, channels, tower);
    tower.last_norm = norm(name + "norm_out", channels);
    tower.last = convolution(name + "conv_out", config_.z_channels, channels, 3);
    return tower;
  }

  [[nodiscard]] VqganTower decoder(const std::string& name) const {
    VqganTower tower;
    std::int64_t channels = static_cast<std::int64_t>(config_.ch) * config_.ch_mult.back();
    tower.first = convolution(name + "conv_in", channels, config_.z_channels, 3);
    middle(name, channels, tower);
    for (std::size_t i = config_.ch_mult.size(); i-- > 0;) {
      tower.levels.insert(tower.levels.begin(),
                          level(name + "up." + std::to_string(i) + ".", i,
                                config_.num_res_blocks + 1, i > 0 ? "upsample" : "", channels));
    }
    tower.last_norm = norm(name + "norm_out", channels);
    tower.last = convolution(name + "conv_out", kRgb, channels, 3);
    return tower;
  }

 private:
  Parameters& parameters_;
  const VqganConfig& config_;
  Role role_;
};

// x: [B, I, H, W] → [B, O, H, W]
torch::Tensor convolved(const ImageConvolution& layer, const torch::Tensor& x) {
  return torch::conv2d(x, layer.weight, layer.bias, /*stride=*/1,
                       /*padding=*/layer.weight.size(2) / 2);
}

// x: [B, C, 2H, 2W] → [B, C, H, W]. As taming has it, with a margin at the right and below alone.
torch::Tensor halved(const ImageConvolution& layer, const torch::Tensor& x) {
  return torch::conv2d(torch::constant_pad_nd(x, {0, 1, 0, 1}), layer.weight, layer.bias,
                       /*stride=*/2);
}

// x: [B, C, H, W] → [B, C, 2H, 2W]: each pixel four times, then a convolution.
torch::Tensor doubled(const ImageConvolution& layer, const torch::Tensor& x) {
  return convolved(layer, torch::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)}));
}

// The layers of one configuration, applied. x: [B, C, H, W] everywhere.
struct Layers {
  const VqganConfig& config;

  [[nodiscard]] torch::Tensor normed(const GroupNorm& norm, const torch::Tensor& x) const {
    return torch::group_norm(x, config.norm_groups, norm.weight, norm.bias,
                             static_cast<double>(config.norm_eps));
  }

  [[nodiscard]] torch::Tensor through(const ResnetBlock& block, const torch::Tensor& x) const {
    torch::Tensor h = convolved(block.conv1, torch::silu(normed(block.norm1, x)));
    h = convolved(block.conv2, torch::silu(normed(block.norm2, h)));
    return h + (block.shortcut ? convolved(*block.shortcut, x) : x);
  }

  [[nodiscard]] torch::Tensor through(const ImageAttention& block, const torch::Tensor& x) const {
    const torch::Tensor h = normed(block.norm, x);
    // [B, C, H, W] → [B, H · W, C], a token for each place
    const auto tokens = [&](const ImageConvolution& layer) {
      return convolved(layer, h).flatten(2).transpose(1, 2).contiguous();
    };
    const torch::Tensor attended = attention(tokens(block.query), tokens(block.key),
                                             tokens(block.value), {}, /*heads=*/1, /*dropout=*/0.0);
    return x + convolved(block.output, attended.transpose(1, 2).reshape(x.sizes()));
  }

  [[nodiscard]] torch::Tensor through(const VqganLevel& level, torch::Tensor x) const {
    for (std::size_t i = 0; i < level.blocks.size(); ++i) {
      x = through(level.blocks[i], x);
      if (!level.attentions.empty()) x = through(level.attentions[i], x);
    }
    return x;
  }

  [[nodiscard]] torch::Tensor through_middle(const VqganTower& tower,
                                             const torch::Tensor& x) const {
    return through(tower.middle2, through(tower.middle_attention, through(tower.middle1, x)));
  }

  [[nodiscard]] torch::Tensor finished(const VqganTower& tower, const torch::Tensor& x) const {
    return convolved(tower.last, torch::silu(normed(tower.last_norm, x)));
  }
};

}  // namespace

torch::Tensor VqganTrainingModel::encode(const torch::Tensor& pixels) const {
  const std::int64_t side = config.resolution;
  if (pixels.dim() != 4 || pixels.size(1) != kRgb || pixels.size(2) != side ||
      pixels.size(3) != side) {
    throw Error(ErrorCode::shape_mismatch, "pictures are " + shape_text(pixels.sizes()) +
                                               " instead of [B, 3, " + std::to_string(side) + ", " +
                                               std::to_string(side) + "]");
  }
  const Layers layers{config};
  torch::Tensor x = convolved(encoder.first, pixels);
  for (const VqganLevel& level : encoder.levels) {
    x = layers.through(level, x);
    if (level.resize) x = halved(*level.resize, x);
  }
  x = layers.through_middle(encoder, x);
  x = layers.finished(encoder, x);
  return convolved(quant, x).permute({0, 2, 3, 1});
}

torch::Tensor VqganTrainingModel::nearest_codes(const torch::Tensor& latents) const {
  const torch::NoGradGuard no_grad;
  // |z - e|² = |z|² - 2 (z · e - |e|² / 2): the largest of what is in brackets. In float64, which
  // autocast leaves alone.
  const torch::Tensor book = codebook.detach().to(torch::kFloat64);  // [n, D]
  const torch::Tensor z = latents.detach().to(torch::kFloat64).reshape({-1, book.size(1)});
  const torch::Tensor halves = book.square().sum(1) / 2;  // [n]
  // In parts: the scores of 32 pictures of 256 codes from 16,384 would take 1 GB.
  std::vector<torch::Tensor> codes;
  for (const torch::Tensor& part : z.split(kRowsTogether)) {
    codes.push_back((torch::matmul(part, book.t()) - halves).argmax(1));
  }
  return torch::cat(codes).view(latents.sizes().slice(0, 3));
}

torch::Tensor VqganTrainingModel::decode(const torch::Tensor& vectors) const {
  const Layers layers{config};
  torch::Tensor x = convolved(post_quant, vectors.permute({0, 3, 1, 2}));
  x = convolved(decoder.first, x);
  x = layers.through_middle(decoder, x);
  for (std::size_t i = decoder.levels.size(); i-- > 0;) {
    const VqganLevel& level = decoder.levels[i];
    x = layers.through(level, x);
    if (level.resize) x = doubled(*level.resize, x);
  }
  return layers.finished(decoder, x);
}

VqganTrainingModel make_vqgan_model(const VqganConfig& config, const torch::Device& device,
                                    VqganUse use, torch::Dtype dtype) {
  VqganTrainingModel model;
  model.config = config;
  model.parameters = Parameters(device, dtype);
  const Role role = use == VqganUse::trained ? Role::trained : Role::fixed;
  const Builder add(model.parameters, config, role);
  const std::string part = kDalleDetokenizer;
  model.encoder = add.encoder(part + "encoder.");
  model.quant = add.convolution(part + "quant_conv", config.embed_dim, config.z_channels, 1);
  // taming's start: U(±1/n).
  model.codebook = model.parameters.add(
      part + "embedding.weight", {config.n_embed, config.embed_dim}, role,
      {InitialValue::Kind::uniform, 1.0 / static_cast<double>(config.n_embed)});
  model.post_quant =
      add.convolution(part + "post_quant_conv", config.z_channels, config.embed_dim, 1);
  model.decoder = add.decoder(part + "decoder.");
  if (use == VqganUse::trained) {
    model.code_use = model.parameters.add("code_use", {config.n_embed}, Role::buffer, {});
  }
  return model;
}

}  // namespace blip::train
