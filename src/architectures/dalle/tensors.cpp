#include "architectures/dalle/tensors.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "architectures/dalle/config.hpp"

namespace blip {
namespace {

void add_attention(ExpectedTensorList& list, const std::string& layer, const char* name,
                   const char* before, std::int64_t width) {
  list.unscaled_norm(layer + before, width);
  for (const char* projection : {".q_proj", ".k_proj", ".v_proj", ".out_proj"}) {
    list.matrix(layer + name + projection + ".weight", width, width);
  }
  list.layer_norm(layer + name + "_layer_norm", width);
}

void add_gated_unit(ExpectedTensorList& list, const std::string& layer, std::int64_t width,
                    std::int64_t inner) {
  list.unscaled_norm(layer + "glu.ln0", width);
  list.matrix(layer + "glu.fc0.weight", inner, width);
  list.matrix(layer + "glu.fc1.weight", inner, width);
  list.unscaled_norm(layer + "glu.ln1", inner);
  list.matrix(layer + "glu.fc2.weight", width, inner);
}

void add_embeddings(ExpectedTensorList& list, const std::string& part, std::int64_t rows,
                    std::int64_t positions, std::int64_t width) {
  list.matrix(part + "embed_tokens.weight", rows, width);
  list.add(part + "embed_positions.weight", {positions, width});
  list.layer_norm(part + "layernorm_embedding", width);
}

void add_convolution(ExpectedTensorList& list, const std::string& name, std::int64_t outputs,
                     std::int64_t inputs, std::int64_t kernel) {
  list.add(name + ".weight", {outputs, inputs, kernel, kernel});
  list.add(name + ".bias", {outputs});
}

void add_resnet_block(ExpectedTensorList& list, const std::string& name, std::int64_t inputs,
                      std::int64_t outputs) {
  list.layer_norm(name + ".norm1", inputs);
  add_convolution(list, name + ".conv1", outputs, inputs, 3);
  list.layer_norm(name + ".norm2", outputs);
  add_convolution(list, name + ".conv2", outputs, outputs, 3);
  if (inputs != outputs) add_convolution(list, name + ".nin_shortcut", outputs, inputs, 1);
}

void add_attention_block(ExpectedTensorList& list, const std::string& name, std::int64_t channels) {
  list.layer_norm(name + ".norm", channels);
  for (const char* part : {".q", ".k", ".v", ".proj_out"}) {
    add_convolution(list, name + part, channels, channels, 1);
  }
}

void add_detokenizer(ExpectedTensorList& list, const VqganConfig& config) {
  const std::string part = kDalleDetokenizer;
  const std::string decoder = part + "decoder.";
  std::int64_t channels = static_cast<std::int64_t>(config.ch) * config.ch_mult.back();
  list.add(part + "embedding.weight", {config.n_embed, config.embed_dim});
  add_convolution(list, part + "post_quant_conv", config.z_channels, config.embed_dim, 1);
  add_convolution(list, decoder + "conv_in", channels, config.z_channels, 3);
  add_resnet_block(list, decoder + "mid.block_1", channels, channels);
  add_attention_block(list, decoder + "mid.attn_1", channels);
  add_resnet_block(list, decoder + "mid.block_2", channels, channels);
  for (int level = static_cast<int>(config.ch_mult.size()) - 1; level >= 0; --level) {
    const std::string up = decoder + "up." + std::to_string(level) + ".";
    const std::int64_t outputs =
        static_cast<std::int64_t>(config.ch) * config.ch_mult[static_cast<std::size_t>(level)];
    const bool attends = std::ranges::find(config.attn_resolutions, config.resolution >> level) !=
                         config.attn_resolutions.end();
    for (int i = 0; i <= config.num_res_blocks; ++i) {
      add_resnet_block(list, up + "block." + std::to_string(i), channels, outputs);
      if (attends) add_attention_block(list, up + "attn." + std::to_string(i), outputs);
      channels = outputs;
    }
    if (level > 0) add_convolution(list, up + "upsample.conv", channels, channels, 3);
  }
  list.layer_norm(decoder + "norm_out", channels);
  add_convolution(list, decoder + "conv_out", 3, channels, 3);
}

}  // namespace

std::vector<ExpectedTensor> dalle_tensors(const DalleConfig& config) {
  ExpectedTensorList list;
  const std::int64_t width = config.d_model;
  const std::string encoder = kDalleEncoder;
  add_embeddings(list, encoder, config.encoder_vocab_size, config.max_text_length, width);
  for (int i = 0; i < config.encoder_layers; ++i) {
    const std::string layer = encoder + "layers." + std::to_string(i) + ".";
    add_attention(list, layer, "self_attn", "pre_self_attn_layer_norm", width);
    add_gated_unit(list, layer, width, config.encoder_ffn_dim);
  }
  list.unscaled_norm(encoder + "final_ln", width);
  const std::string decoder = kDalleDecoder;
  const std::int64_t codes = std::int64_t{1} + config.image_vocab_size;
  add_embeddings(list, decoder, codes, config.image_length, width);
  for (int i = 0; i < config.decoder_layers; ++i) {
    const std::string layer = decoder + "layers." + std::to_string(i) + ".";
    add_attention(list, layer, "self_attn", "pre_self_attn_layer_norm", width);
    add_attention(list, layer, "encoder_attn", "pre_encoder_attn_layer_norm", width);
    add_gated_unit(list, layer, width, config.decoder_ffn_dim);
  }
  list.unscaled_norm(decoder + "final_ln", width);
  list.matrix(decoder + "lm_head.weight", codes, width);
  add_detokenizer(list, config.vqgan_config);
  return list.take();
}

}  // namespace blip
