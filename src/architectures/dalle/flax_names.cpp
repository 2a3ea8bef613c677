#include "architectures/dalle/flax_names.hpp"

#include <array>
#include <utility>

#include "architectures/dalle/config.hpp"

namespace blip {
namespace {

using Renaming = std::pair<std::string_view, std::string_view>;

constexpr std::string_view kEncoderLayers = "layers.FlaxBartEncoderLayers.";
constexpr std::string_view kDecoderLayers = "layers.FlaxBartDecoderLayers.";

constexpr std::array kEncoderModules = {Renaming{"LayerNorm_0.", "pre_self_attn_layer_norm."},
                                        Renaming{"FlaxBartAttention_0.", "self_attn."},
                                        Renaming{"LayerNorm_1.", "self_attn_layer_norm."}};
constexpr std::array kDecoderModules = {Renaming{"LayerNorm_0.", "pre_self_attn_layer_norm."},
                                        Renaming{"FlaxBartAttention_0.", "self_attn."},
                                        Renaming{"LayerNorm_1.", "self_attn_layer_norm."},
                                        Renaming{"LayerNorm_2.", "pre_encoder_attn_layer_norm."},
                                        Renaming{"FlaxBartAttention_1.", "encoder_attn."},
                                        Renaming{"LayerNorm_3.", "encoder_attn_layer_norm."}};
constexpr std::array kUnitModules = {
    Renaming{"GLU_0.LayerNorm_0.", "glu.ln0."}, Renaming{"GLU_0.LayerNorm_1.", "glu.ln1."},
    Renaming{"GLU_0.Dense_0.", "glu.fc0."}, Renaming{"GLU_0.Dense_1.", "glu.fc1."},
    Renaming{"GLU_0.Dense_2.", "glu.fc2."}};

// "LayerNorm_0.bias#3" → "3.pre_self_attn_layer_norm.bias"; nothing for another module.
std::string in_layer(std::string_view name, std::span<const Renaming> modules) {
  std::string index;
  if (const std::size_t mark = name.rfind('#'); mark != std::string_view::npos) {
    index = name.substr(mark + 1);
    name = name.substr(0, mark);
  }
  for (const std::span<const Renaming> list : {modules, std::span<const Renaming>(kUnitModules)}) {
    for (const auto& [from, to] : list) {
      if (!name.starts_with(from)) continue;
      return index + "." + std::string(to) + std::string(name.substr(from.size()));
    }
  }
  return {};
}

// "decoder.up_4.block_0.conv1.weight" → "decoder.up.4.block.0.conv1.weight"; the middle's numbers
// stay as they are.
std::string in_vqgan(std::string_view name) {
  constexpr std::string_view kQuantize = "quantize.";
  if (name.starts_with(kQuantize)) return std::string(name.substr(kQuantize.size()));
  constexpr std::string_view kUp = "decoder.up_";
  if (!name.starts_with(kUp)) return std::string(name);
  std::string renamed = "decoder.up.";
  renamed += name.substr(kUp.size());
  for (const std::string_view part : {".block_", ".attn_"}) {
    const std::size_t at = renamed.find(part);
    if (at != std::string::npos) renamed[at + part.size() - 1] = '.';
  }
  return renamed;
}

std::string_view without_prefix(std::string_view name, std::string_view prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

bool is_of_vqgan(std::string_view name) {
  return name.starts_with(kDalleDetokenizer);
}

bool is_original(std::string_view name) {
  return name.find(kEncoderLayers) != std::string_view::npos ||
         name.find(kDecoderLayers) != std::string_view::npos ||
         (is_of_vqgan(name) && name.find(".up_") != std::string_view::npos);
}

std::string translated(std::string_view name) {
  if (is_of_vqgan(name)) {
    const std::string_view own = without_prefix(without_prefix(name, kDalleDetokenizer), "params.");
    return kDalleDetokenizer + in_vqgan(own);
  }
  name = without_prefix(without_prefix(name, "params."), "model.");
  if (name.starts_with("lm_head.")) return kDalleDecoder + std::string(name);
  const auto renamed = [&](std::string_view layers, std::span<const Renaming> modules) {
    const std::size_t at = name.find(layers);
    if (at == std::string_view::npos) return std::string();
    const std::string layer = in_layer(name.substr(at + layers.size()), modules);
    return layer.empty() ? layer : std::string(name.substr(0, at)) + "layers." + layer;
  };
  std::string found = renamed(kEncoderLayers, kEncoderModules);
  if (found.empty()) found = renamed(kDecoderLayers, kDecoderModules);
  return found.empty() ? std::string(name) : found;
}

// The VQGAN's other half, which makes codes of pictures.
bool is_training_only(std::string_view name) {
  if (!is_of_vqgan(name)) return false;
  const std::string_view own = without_prefix(without_prefix(name, kDalleDetokenizer), "params.");
  return own.starts_with("encoder.") || own.starts_with("quant_conv.");
}

}  // namespace

constinit const OriginalNames kDalleFlaxNames = {
    .is_original = is_original, .translated = translated, .is_training_only = is_training_only};

}  // namespace blip
