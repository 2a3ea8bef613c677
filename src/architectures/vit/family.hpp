// ViT, DeiT and DINOv2 as the registry knows them: a family for each model type, and one for timm's
// names.
#pragma once

#include "architectures/architecture.hpp"

namespace blip {

extern const ModelFamily kVitFamily;
extern const ModelFamily kDeitFamily;
extern const ModelFamily kDinov2Family;
extern const ModelFamily kDinov2RegistersFamily;
extern const ModelFamily kTimmFamily;

/// tasks/vit_image_encoder.cpp defines it: a dual encoder that reads images alone.
std::shared_ptr<const DualEncoder> open_vit_image_encoder(
    const std::filesystem::path& model, std::shared_ptr<const Tokenizer> tokenizer,
    const LoadOptions& options, MatchingHead matching_head);
/// tasks/vit_classifier.cpp defines it.
std::shared_ptr<const ImageClassifier> open_vit_classifier(const std::filesystem::path& model,
                                                           const LoadOptions& options);

}  // namespace blip
