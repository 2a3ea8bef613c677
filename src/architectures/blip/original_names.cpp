#include "architectures/blip/original_names.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace blip {
namespace {

constexpr std::string_view kVision = "visual_encoder.";
constexpr std::string_view kMomentumVision = "visual_encoder_m.";
constexpr std::string_view kBlocks = "blocks.";

using Replacement = std::pair<std::string_view, std::string_view>;
constexpr std::array<Replacement, 5> kTower = {
    {{"cls_token", "embeddings.class_embedding"},
     {"pos_embed", "embeddings.position_embedding"},
     {"patch_embed.proj.", "embeddings.patch_embedding."},
     {"norm.", "post_layernorm."},
     {"blocks.", "encoder.layers."}}};
constexpr std::array<Replacement, 4> kBlock = {{{"norm1.", "layer_norm1."},
                                                {"norm2.", "layer_norm2."},
                                                {"attn.qkv.", "self_attn.qkv."},
                                                {"attn.proj.", "self_attn.projection."}}};

template <std::size_t N>
std::string replace_start(std::string_view text, const std::array<Replacement, N>& replacements) {
  for (const auto& [before, after] : replacements) {
    if (text.starts_with(before)) {
      return std::string(after) + std::string(text.substr(before.size()));
    }
  }
  return std::string(text);
}

}  // namespace

bool is_original_name(std::string_view name) {
  return name.starts_with(kVision);
}

std::string from_original_name(std::string_view name) {
  const bool is_momentum = name.starts_with(kMomentumVision);
  if (!is_momentum && !is_original_name(name)) return std::string(name);
  const std::string tower = is_momentum ? "vision_model_m." : "vision_model.";
  const std::string_view rest = name.substr((is_momentum ? kMomentumVision : kVision).size());
  if (!rest.starts_with(kBlocks)) {
    const std::string renamed = replace_start(rest, kTower);
    return renamed == rest ? std::string(name) : tower + renamed;
  }
  // "blocks.11.norm1.bias": the part behind the block's number has names of its own.
  const std::size_t dot = rest.find('.', kBlocks.size());
  if (dot == std::string_view::npos) return std::string(name);
  return tower + replace_start(rest.substr(0, dot + 1), kTower) +
         replace_start(rest.substr(dot + 1), kBlock);
}

bool is_training_only(std::string_view original_name) {
  constexpr std::array<std::string_view, 6> kNames = {"image_queue", "text_queue", "idx_queue",
                                                      "queue_ptr",   "ptr_queue",  "temp"};
  const std::string_view tower = original_name.substr(0, original_name.find('.'));
  return tower.ends_with("_m") || original_name.ends_with(".position_ids") ||
         std::find(kNames.begin(), kNames.end(), original_name) != kNames.end();
}

constinit const OriginalNames kBlipOriginalNames = {.is_original = is_original_name,
                                                    .translated = from_original_name,
                                                    .is_training_only = is_training_only};

}  // namespace blip
