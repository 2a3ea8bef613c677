// Immich's names of models: "ViT-B-32__openai" is CLIP as open_clip calls it, and its weights.
#pragma once

#include <string_view>

#include "serve/dialects/dialect.hpp"

namespace blip::serve {

/// The model that Immich means, or null. It must embed pictures and texts. In this order:
/// 1. a model of that name or alias, without its owner ("immich-app/ViT-B-32__openai" counts);
/// 2. OpenAI's and Google's models under their names on the hub: "ViT-B-32__openai" is
///    "clip-vit-base-patch32", "ViT-B-16-SigLIP-384__webli" is "siglip-base-patch16-384";
/// 3. others under open_clip's names: "ViT-B-32__laion2b-s34b-b79k" is
///    "CLIP-ViT-B-32-laion2B-s34B-b79K".
const ModelStatus* find_immich_model(const ServerView& server, std::string_view name);

/// Texts are read without punctuation and in lower case.
bool reads_plain_texts(const ModelStatus& model);

}  // namespace blip::serve
