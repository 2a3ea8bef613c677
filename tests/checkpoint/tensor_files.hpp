// Checkpoints of whole architectures, at small sizes, written by hand.
#pragma once

#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "architectures/blip/tensors.hpp"
#include "checkpoint/safetensors_writer.hpp"
#include "checkpoint/weight_scales.hpp"

namespace blip {

/// 64 numbers to a head, so that inference from tensors can tell everything.
inline BlipConfig small_config(const std::string& architecture) {
  BlipConfig config;
  config.architecture = architecture;
  config.vision_config.hidden_size = 128;
  config.vision_config.intermediate_size = 40;
  config.vision_config.num_hidden_layers = 2;
  config.vision_config.num_attention_heads = 2;
  config.vision_config.image_size = 24;
  config.vision_config.patch_size = 8;
  config.text_config.vocab_size = 50;
  config.text_config.hidden_size = 64;
  config.text_config.encoder_hidden_size = 128;
  config.text_config.intermediate_size = 36;
  config.text_config.num_hidden_layers = 7;  // of which one merges, in BlipForNLVR
  config.text_config.num_attention_heads = 1;
  config.text_config.max_position_embeddings = 20;
  config.text_config.bos_token_id = 48;
  config.projection_dim = 12;
  config.image_text_hidden_size = 10;
  return config;
}

/// The same with the vocabulary of every published BLIP, so that a checkpoint without a tokenizer
/// can be used.
inline BlipConfig small_published_config(const std::string& architecture) {
  BlipConfig config = small_config(architecture);
  config.text_config.vocab_size = 30'524;
  config.text_config.bos_token_id = 30'522;
  return config;
}

/// A safetensors file of the tensors that `config` asks for, all zero; `rename` may give some of
/// them another name, or none ("") to leave them out.
inline std::string tensor_file(
    const BlipConfig& config, const std::function<std::string(const std::string&)>& rename =
                                  [](const std::string& name) { return name; }) {
  std::vector<SafetensorsPlace> places;
  std::size_t bytes = 0;
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    const std::string name = rename(tensor.name);
    if (name.empty()) continue;
    places.push_back({name, DType::f32, tensor.shape});
    std::size_t size = sizeof(float);
    for (const std::int64_t dimension : tensor.shape) size *= static_cast<std::size_t>(dimension);
    bytes += size;
  }
  return safetensors_header(places) + std::string(bytes, '\0');
}

/// The same with its matrices in int8, each with a scale of 1 for every row; `rename` renames these
/// too.
inline std::string int8_tensor_file(
    const BlipConfig& config, const std::function<std::string(const std::string&)>& rename =
                                  [](const std::string& name) { return name; }) {
  std::vector<SafetensorsPlace> places;
  std::string bytes;
  const auto add = [&](const std::string& name, DType dtype, std::vector<std::int64_t> shape,
                       float value) {
    const std::string renamed = rename(name);
    if (renamed.empty()) return;
    std::size_t count = 1;
    for (const std::int64_t dimension : shape) count *= static_cast<std::size_t>(dimension);
    places.push_back({renamed, dtype, std::move(shape)});
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    for (std::size_t i = 0; i < count; ++i) bytes.append(raw, size_of(dtype));
  };
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    add(tensor.name, tensor.may_be_int8 ? DType::i8 : DType::f32, tensor.shape, 0.0F);
    if (tensor.may_be_int8) {
      add(weight_scale_name(tensor.name), DType::f32, {tensor.shape[0], 1}, 1.0F);
    }
  }
  return safetensors_header(places) + bytes;
}

/// The original implementation's name for a tensor of transformers'.
inline std::string original_name(std::string name) {
  const std::vector<std::pair<std::string, std::string>> replacements = {
      {"vision_model.embeddings.class_embedding", "visual_encoder.cls_token"},
      {"vision_model.embeddings.position_embedding", "visual_encoder.pos_embed"},
      {"vision_model.embeddings.patch_embedding", "visual_encoder.patch_embed.proj"},
      {"vision_model.post_layernorm", "visual_encoder.norm"},
      {"vision_model.encoder.layers", "visual_encoder.blocks"},
      {"layer_norm", "norm"},
      {"self_attn.projection", "attn.proj"},
      {"self_attn", "attn"}};
  for (const auto& [before, after] : replacements) {
    if (const auto at = name.find(before); at != std::string::npos) {
      name.replace(at, before.size(), after);
    }
  }
  return name;
}

}  // namespace blip
