// CLIP's towers as descriptions, and the tensors of its classes.
#pragma once

#include <string>
#include <vector>

#include "architectures/expected_tensors.hpp"
#include "architectures/text_transformer.hpp"
#include "architectures/vision_transformer.hpp"
#include "blip/clip.hpp"

namespace blip {

inline constexpr const char* kClipVisualProjection = "visual_projection.weight";
inline constexpr const char* kClipTextProjection = "text_projection.weight";
inline constexpr const char* kClipLogitScale = "logit_scale";

/// Before the tensors of a tower. transformers 5 writes those of CLIPVisionModel and CLIPTextModel
/// without, earlier versions with.
inline constexpr const char* kClipVisionPrefix = "vision_model.";
inline constexpr const char* kClipTextPrefix = "text_model.";

VisionTransformer vision_transformer_of(const CLIPVisionConfig& config,
                                        const std::string& prefix = kClipVisionPrefix);
TextTransformer text_transformer_of(const CLIPTextConfig& config,
                                    const std::string& prefix = kClipTextPrefix);

// Every tensor of a class.
std::vector<ExpectedTensor> clip_tensors(const CLIPConfig& config);
std::vector<ExpectedTensor> clip_vision_tensors(const CLIPConfig& config);
std::vector<ExpectedTensor> clip_text_tensors(const CLIPConfig& config);
std::vector<ExpectedTensor> clip_classifier_tensors(const CLIPConfig& config);
/// Of a tower without a projection.
std::vector<ExpectedTensor> clip_vision_tower_tensors(const CLIPConfig& config,
                                                      const std::string& prefix);
std::vector<ExpectedTensor> clip_text_tower_tensors(const CLIPConfig& config,
                                                    const std::string& prefix);

}  // namespace blip
