// How the classes with a text decoder make a BlipGenerationSession.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "blip/context.hpp"
#include "blip/encoded_image.hpp"
#include "blip/generation_session.hpp"
#include "blip/tokenizer.hpp"
#include "model/cross_attention_cache.hpp"
#include "model/text_model.hpp"

namespace blip {

/// What the decoder needs of a request.
struct PreparedRequest {
  std::shared_ptr<const CrossAttentionCache> image;  ///< what cross-attention reads
  std::vector<TokenId> prompt;                       ///< the start tokens
};
using PrepareRequest = std::function<PreparedRequest(
    const EncodedImage& image, const std::vector<TokenId>& text, Context& context)>;

/// `owner` keeps `model` and `head` alive.
BlipGenerationSession start_decoding_session(std::shared_ptr<const void> owner,
                                             const TextModel& model, const LanguageModelHead& head,
                                             PrepareRequest prepare);

}  // namespace blip
