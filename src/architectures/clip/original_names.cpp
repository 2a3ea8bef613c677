#include "architectures/clip/original_names.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace blip {
namespace {

constexpr std::string_view kBlocks = "transformer.resblocks.";

using Renamed = std::pair<std::string_view, std::string_view>;
// Whole names, or what a name begins with where that ends with a point.
constexpr auto kOutsideOfBlocks = std::to_array<Renamed>({
    {"positional_embedding", "text_model.embeddings.position_embedding.weight"},
    {"token_embedding.weight", "text_model.embeddings.token_embedding.weight"},
    {"ln_final.", "text_model.final_layer_norm."},
    {"text_projection", "text_projection.weight"},
    {"visual.class_embedding", "vision_model.embeddings.class_embedding"},
    {"visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"},
    {"visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight"},
    {"visual.ln_pre.", "vision_model.pre_layrnorm."},
    {"visual.ln_post.", "vision_model.post_layernorm."},
    {"visual.proj", "visual_projection.weight"},
});
constexpr auto kInBlocks = std::to_array<Renamed>({
    {"ln_1.", "layer_norm1."},
    {"ln_2.", "layer_norm2."},
    {"attn.in_proj_", "self_attn.in_proj_"},
    {"attn.out_proj.", "self_attn.out_proj."},
    {"mlp.c_fc.", "mlp.fc1."},
    {"mlp.c_proj.", "mlp.fc2."},
});

std::string_view without_start(std::string_view name, std::string_view start) {
  if (name.starts_with(start)) name.remove_prefix(start.size());
  return name;
}

std::string_view without_wrapping(std::string_view name) {
  return without_start(without_start(name, "module."), "text.");
}

bool is_clip_original(std::string_view name) {
  name = without_start(name, "module.");
  return name == "visual.conv1.weight" || name == "visual.layer1.0.conv1.weight";
}

// "0.ln_1.weight" → "encoder.layers.0.layer_norm1.weight"
std::string block_name(std::string_view rest) {
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return {};
  for (const auto& [before, after] : kInBlocks) {
    if (!rest.substr(dot + 1).starts_with(before)) continue;
    return "encoder.layers." + std::string(rest.substr(0, dot + 1)) + std::string(after) +
           std::string(rest.substr(dot + 1 + before.size()));
  }
  return {};
}

std::string from_clip_original(std::string_view original) {
  const std::string_view name = without_wrapping(original);
  const bool is_visual = name.starts_with("visual.");
  const std::string_view inner = without_start(name, "visual.");
  if (inner.starts_with(kBlocks)) {
    const std::string block = block_name(inner.substr(kBlocks.size()));
    if (block.empty()) return std::string(original);
    return (is_visual ? "vision_model." : "text_model.") + block;
  }
  for (const auto& [before, after] : kOutsideOfBlocks) {
    if (before.ends_with('.') ? name.starts_with(before) : name == before) {
      return std::string(after) + std::string(name.substr(before.size()));
    }
  }
  return std::string(name);
}

bool is_left_out_of_clip(std::string_view original_name) {
  constexpr std::array<std::string_view, 4> kNames = {"input_resolution", "context_length",
                                                      "vocab_size", "attn_mask"};
  const std::string_view name = without_wrapping(original_name);
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         name.ends_with(".attn_mask");
}

// "….self_attn.in_proj_weight" → "….self_attn.q_proj.weight" and so on
std::vector<std::string> parts_of_clip(std::string_view translated) {
  constexpr std::string_view kStacked = "in_proj_";
  const std::size_t at = translated.rfind(kStacked);
  if (at == std::string_view::npos || !translated.substr(0, at).ends_with("self_attn.")) return {};
  const std::string kind(translated.substr(at + kStacked.size()));
  const std::string before(translated.substr(0, at));
  return {before + "q_proj." + kind, before + "k_proj." + kind, before + "v_proj." + kind};
}

bool is_transposed_in_clip(std::string_view translated) {
  return translated == "text_projection.weight" || translated == "visual_projection.weight";
}

}  // namespace

constinit const OriginalNames kClipOriginalNames = {.is_original = is_clip_original,
                                                    .translated = from_clip_original,
                                                    .is_training_only = is_left_out_of_clip,
                                                    .parts = parts_of_clip,
                                                    .is_transposed = is_transposed_in_clip};

}  // namespace blip
