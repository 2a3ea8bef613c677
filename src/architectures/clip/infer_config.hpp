// What config.json would say, told from the tensors of a CLIP that has none.
#pragma once

#include <string>
#include <string_view>

#include "blip/clip.hpp"
#include "checkpoint/checkpoint.hpp"

namespace blip {

/// Beside the weights of open_clip's repositories.
inline constexpr const char* kOpenClipConfig = "open_clip_config.json";

/// Whether the tensors are those of both of CLIP's towers.
bool is_clip(const Checkpoint& checkpoint);

/// Whether the file is one of OpenAI's own, which hold a few sizes beside the tensors.
bool is_openai_clip(const Checkpoint& checkpoint);

/// By the tensors, and by an open_clip_config.json beside the file.
/// Widths, depths, vocabulary and image size as the tensors have them. What they do not tell: heads
/// have 64 numbers, but 80, 88, 104 and 112 in image towers of 1280, 1408, 1664 and 1792, as
/// open_clip's H, g, bigG and e; the activation is quick_gelu in OpenAI's own files, known by their
/// "input_resolution", and gelu in all others. Throws unsupported for a ResNet tower, malformed for
/// shapes that contradict each other.
CLIPConfig infer_clip_config(const Checkpoint& checkpoint);

/// open_clip_config.json, which tells the heads and the activation, laid over that. `name` stands
/// for the file in messages. Throws malformed or unsupported (towers of timm or transformers).
void apply_open_clip_config(std::string_view json, const std::string& name, CLIPConfig& config);

/// config.json, as transformers writes and reads it.
std::string clip_config_as_json(const CLIPConfig& config);

}  // namespace blip
