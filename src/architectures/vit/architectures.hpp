// The classes of ViT, DeiT and DINOv2: the only place where they are named.
#pragma once

#include <span>

#include "architectures/architecture.hpp"
#include "architectures/vision_transformer.hpp"
#include "blip/vit.hpp"

namespace blip {

/// What a classifier reads.
enum class VitHead {
  none,
  class_token,
  class_and_distillation_token,  ///< a head for each; their mean
  class_token_and_mean,          ///< [the class token; the mean of the patches]
};

struct VitArchitecture : Architecture {
  const char* model_type;
  VitHead head;
};

/// The class that a configuration names; of one that names none, the model without a head. Throws
/// unsupported for another name.
const VitArchitecture& vit_architecture(const ViTConfig& config);

/// What a classifier of that configuration reads: timm's names of classes do not say it alone.
VitHead vit_head(const ViTConfig& config);

/// Names of a classifier's layers.
struct VitHeadNames {
  const char* classifier = "classifier";
  const char* distillation = "distillation_classifier";
};
VitHeadNames vit_head_names(const ViTConfig& config);

/// The classes of one model type.
std::span<const Architecture* const> vit_architectures(std::string_view model_type);

/// Before every tensor of the transformer in a classifier's file: "vit."; nothing in timm's.
std::string vit_prefix(const ViTConfig& config);

VisionTransformer vision_transformer_of(const ViTConfig& config, const std::string& prefix);

/// Every tensor of the class.
std::vector<ExpectedTensor> vit_tensors(const ViTConfig& config);

}  // namespace blip
