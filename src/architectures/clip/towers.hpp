// CLIP's towers as descriptions, and the tensors of its classes.
#pragma once

#include <vector>

#include "architectures/expected_tensors.hpp"
#include "architectures/text_transformer.hpp"
#include "architectures/vision_transformer.hpp"
#include "blip/clip.hpp"

namespace blip {

inline constexpr const char* kClipVisualProjection = "visual_projection.weight";
inline constexpr const char* kClipTextProjection = "text_projection.weight";
inline constexpr const char* kClipLogitScale = "logit_scale";

VisionTransformer vision_transformer_of(const CLIPVisionConfig& config);
TextTransformer text_transformer_of(const CLIPTextConfig& config);

// Every tensor of a class.
std::vector<ExpectedTensor> clip_tensors(const CLIPConfig& config);
std::vector<ExpectedTensor> clip_vision_tensors(const CLIPConfig& config);
std::vector<ExpectedTensor> clip_text_tensors(const CLIPConfig& config);

}  // namespace blip
