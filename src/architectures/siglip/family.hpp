// SigLIP as the registry knows it.
#pragma once

#include "architectures/architecture.hpp"

namespace blip {

extern const ModelFamily kSiglipFamily;

extern const Architecture kSiglipModel;

/// tasks/siglip_dual_encoder.cpp defines it.
std::shared_ptr<const DualEncoder> open_siglip_dual_encoder(
    const std::filesystem::path& model, std::shared_ptr<const Tokenizer> tokenizer,
    const LoadOptions& options, MatchingHead matching_head);

}  // namespace blip
