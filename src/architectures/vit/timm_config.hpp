// The configuration of a vision transformer by timm's names: told from its tensors, and from
// config.json where there is one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "blip/vit.hpp"
#include "checkpoint/checkpoint.hpp"

namespace blip {

/// Whether the tensors are those of a vision transformer by timm's names.
bool is_timm_vit(const Checkpoint& checkpoint);

/// Widths, depths, patches, registers, LayerScale, SwiGLU and classes as the tensors have them;
/// heads have 64 numbers, or as usual_head_width says, if nobody gives their number. Throws
/// unsupported for other transformers of timm's (a mean of patches, norms of queries and keys,
/// relative positions), malformed for shapes that contradict each other.
ViTConfig infer_timm_config(const Checkpoint& checkpoint,
                            std::optional<int> num_heads = std::nullopt);

/// `model_args.num_heads` of timm's config.json, if it has that. Throws malformed.
std::optional<int> read_timm_heads(std::string_view json, const std::string& name);

/// timm's config.json laid over that: its name of the model, which tells the activation and the
/// epsilon, `model_args` (num_heads) and the classes' names. `name` stands for the file in
/// messages. Throws malformed or unsupported.
void apply_timm_config(std::string_view json, const std::string& name, ViTConfig& config);

/// config.json for a checkpoint that has none, such that timm can make the model of it.
std::string timm_config_as_json(const ViTConfig& config);

}  // namespace blip
