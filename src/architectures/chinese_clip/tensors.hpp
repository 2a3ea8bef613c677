// The tensors of Chinese-CLIP.
#pragma once

#include <vector>

#include "architectures/expected_tensors.hpp"
#include "blip/chinese_clip.hpp"

namespace blip {

inline constexpr const char* kChineseClipTextPrefix = "text_model.";
inline constexpr const char* kChineseClipTokenTypes =
    "text_model.embeddings.token_type_embeddings.weight";

/// Every tensor of ChineseCLIPModel.
std::vector<ExpectedTensor> chinese_clip_tensors(const ChineseCLIPConfig& config);

}  // namespace blip
