// Any bytes as each of the configuration files: parsed, or refused with blip::Error. What is
// accepted must keep the promises that the rest of the library builds on.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "architectures/blip/config_text.hpp"
#include "architectures/chinese_clip/config.hpp"
#include "architectures/clip/config.hpp"
#include "architectures/dalle/config.hpp"
#include "architectures/efficientnet_lite/blocks.hpp"
#include "architectures/efficientnet_lite/config.hpp"
#include "architectures/image_processor_config.hpp"
#include "architectures/siglip/config.hpp"
#include "architectures/vit/config.hpp"
#include "architectures/vit/timm_config.hpp"
#include "architectures/vit/timm_transform.hpp"
#include "blip/error.hpp"
#include "checkpoint/adapter_config.hpp"
#include "expectations.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

void check(const blip::EfficientNetLiteConfig& config) {
  const auto blocks = blip::blocks_of(config);
  require(!blocks.empty() && blocks.size() <= 1'000 && config.total_stride() <= 16'384);
  for (const blip::EfficientNetLiteBlock& block : blocks) {
    require(block.inputs > 0 && block.outputs > 0 && block.expanded <= 65'536);
  }
}

void check(const blip::BlipConfig& config) {
  const auto& text = config.text_config;
  const auto& vision = config.vision_config;
  require(text.hidden_size > 0 && text.hidden_size % text.num_attention_heads == 0);
  require(vision.hidden_size > 0 && vision.hidden_size % vision.num_attention_heads == 0);
  require(text.encoder_hidden_size == vision.hidden_size);
  require(text.bos_token_id >= 0 && text.bos_token_id < text.vocab_size);
  require(vision.patch_size > 0 && vision.grid(vision.image_size) > 0);
  if (vision.backbone_config) check(*vision.backbone_config);
}

void check(const blip::SiglipConfig& config) {
  const auto& text = config.text_config;
  const auto& vision = config.vision_config;
  require(text.hidden_size > 0 && text.hidden_size % text.num_attention_heads == 0);
  require(vision.hidden_size > 0 && vision.hidden_size % vision.num_attention_heads == 0);
  require(text.projection_size == vision.hidden_size);
  require(vision.patch_size > 0 && vision.image_size >= vision.patch_size);
}

void check(const blip::BlipImageProcessorConfig& config) {
  require(config.height > 0 && config.width > 0);
  for (const float deviation : config.image_std) require(deviation > 0.0F);
}

// What is asked of an adapter's patterns: names of modules, some of which other fields hold.
void check(const blip::AdapterConfig& config) {
  require(config.rank > 0 && config.rank <= 16'384);
  for (const char* module : {"text_decoder.bert.encoder.layer.1.attention.self.query",
                             "vision_model.embeddings.patch_embedding", "aaaaaaaaaaaaaaaaaaaaaaaaa",
                             "", ".", "a.0.1.b"}) {
    require(std::isfinite(config.scale_of(module)));
    static_cast<void>(config.targets.contains(module));
    static_cast<void>(config.targets.has_whole(module));
  }
}

void check(const blip::ImageProcessorConfig& config) {
  const blip::ImageResize& size = config.size;
  require(size.shortest_edge > 0 ? size.height == 0 && size.width == 0
                                 : size.height > 0 && size.width > 0);
  require(config.crop_height > 0 && config.crop_width > 0);
  for (const float deviation : config.image_std) require(deviation > 0.0F);
}

void check(const blip::ChineseCLIPConfig& config) {
  require(config.text_config.hidden_size % config.text_config.num_attention_heads == 0);
  require(config.vision_config.hidden_size % config.vision_config.num_attention_heads == 0);
}

void check(const blip::DalleConfig& config) {
  const blip::VqganConfig& vqgan = config.vqgan_config;
  require(config.d_model % config.encoder_attention_heads == 0);
  require(config.d_model % config.decoder_attention_heads == 0);
  require(vqgan.grid() > 0 && vqgan.grid() * vqgan.grid() == config.image_length);
  require(vqgan.n_embed <= config.image_vocab_size);
  for (const int multiplier : vqgan.ch_mult) {
    require(multiplier > 0 && vqgan.ch * multiplier % vqgan.norm_groups == 0);
  }
}

// What the tensors of some model have told.
blip::ViTConfig timm_vit() {
  blip::ViTConfig config;
  config.timm.emplace();
  config.labels = {"a", "b", "c"};
  return config;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_to([&] { check(blip::parse_config(text, "fuzz")); });
  try_to([&] { check(blip::parse_preprocessor_config(text, "fuzz")); });
  try_to([&] {
    if (const auto config = blip::parse_processor_config(text, "fuzz")) check(*config);
  });
  try_to([&] { check(blip::parse_siglip_config(text, "fuzz")); });
  try_to([&] { check(blip::parse_dalle_config(text, "fuzz")); });
  for (const char* default_class : {"CLIPImageProcessor", "ViTImageProcessor"}) {
    try_to([&] { check(blip::parse_image_processor_config(text, "fuzz", default_class)); });
  }
  try_to([&] { check(blip::parse_efficientnet_lite_classifier(text, "fuzz").backbone); });
  try_to([&] { blip::parse_generation_config(text, "fuzz"); });
  try_to([&] { blip::parse_clip_config(text, "fuzz"); });
  try_to([&] { check(blip::parse_chinese_clip_config(text, "fuzz")); });
  try_to([&] { blip::parse_vit_config(text, "fuzz"); });
  try_to([&] {
    blip::ViTConfig config = timm_vit();
    blip::apply_timm_config(text, "fuzz", config);
    require(config.hidden_size % config.num_attention_heads == 0 && config.labels.size() == 3);
  });
  try_to([&] { check(blip::parse_timm_transform(text, "fuzz")); });
  try_to([&] { check(blip::parse_adapter_config(text, "fuzz")); });
  return 0;
}
