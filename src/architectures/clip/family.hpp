// CLIP as the registry knows it: a family for the whole model and one for each tower alone.
#pragma once

#include "architectures/architecture.hpp"

namespace blip {

extern const ModelFamily kClipFamily;
extern const ModelFamily kClipTextFamily;
extern const ModelFamily kClipVisionFamily;

extern const Architecture kCLIPModel;
extern const Architecture kCLIPForImageClassification;
extern const Architecture kCLIPTextModelWithProjection;
extern const Architecture kCLIPVisionModelWithProjection;
extern const Architecture kCLIPTextModel;
extern const Architecture kCLIPVisionModel;

/// tasks/clip_dual_encoder.cpp defines it.
std::shared_ptr<const DualEncoder> open_clip_dual_encoder(
    const std::filesystem::path& model, std::shared_ptr<const Tokenizer> tokenizer,
    const LoadOptions& options, MatchingHead matching_head);
/// tasks/clip_classifier.cpp defines it.
std::shared_ptr<const ImageClassifier> open_clip_classifier(const std::filesystem::path& model,
                                                            const LoadOptions& options);

}  // namespace blip
