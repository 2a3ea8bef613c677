// The names of tensors in the checkpoints of Salesforce's BLIP, and transformers' for them.
#pragma once

#include <string>
#include <string_view>

#include "checkpoint/original_names.hpp"

namespace blip {

/// Only the vision tower's names differ ("visual_encoder."), which tells the two apart.
bool is_original_name(std::string_view name);

/// "visual_encoder.blocks.0.attn.qkv.weight" →
/// "vision_model.encoder.layers.0.self_attn.qkv.weight", and of the momentum copy likewise
/// ("visual_encoder_m." → "vision_model_m."). A name that both have in common, or that
/// nobody knows, stays as it is.
std::string from_original_name(std::string_view name);

/// What training needs and inference never looks at: momentum copies ("text_encoder_m."), queues
/// and their places, the temperature, tables of positions.
bool is_training_only(std::string_view original_name);

/// These three.
extern const OriginalNames kBlipOriginalNames;

}  // namespace blip
