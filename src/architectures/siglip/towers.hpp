// SigLIP's towers as descriptions, and the tensors of its classes.
#pragma once

#include <vector>

#include "architectures/expected_tensors.hpp"
#include "architectures/text_transformer.hpp"
#include "architectures/vision_transformer.hpp"
#include "blip/siglip.hpp"

namespace blip {

inline constexpr const char* kSiglipImageHead = "vision_model.head.";
inline constexpr const char* kSiglipTextHead = "text_model.head";
inline constexpr const char* kSiglipLogitScale = "logit_scale";
inline constexpr const char* kSiglipLogitBias = "logit_bias";

VisionTransformer vision_transformer_of(const SiglipVisionConfig& config);
TextTransformer text_transformer_of(const SiglipTextConfig& config);

// Every tensor of SiglipModel.
std::vector<ExpectedTensor> siglip_tensors(const SiglipConfig& config);

}  // namespace blip
