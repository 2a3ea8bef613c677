// The text encoder: every token of a text looks at all the others, and at an image if there is one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "blip/context.hpp"
#include "blip/tokenizer.hpp"
#include "model/cross_attention_cache.hpp"
#include "model/text_layers.hpp"
#include "model/text_model.hpp"

namespace blip {

/// Texts of any lengths, one after the other and without padding: a text's states do not depend on
/// its neighbours. Throws what require_embeddable throws, and invalid_argument for an empty text.
/// texts → out: [tokens of all texts, H]
void encode_texts(const TextModel& model, std::span<const std::vector<TokenId>> texts,
                  const CrossAttentionStep& attend_to_image, float* out, Context& context);

/// Texts alone (`images` empty) or each read together with an image. The states of the first token,
/// which the heads read: → out: [texts, H]
void encode_first_tokens(const TextModel& model, std::span<const std::vector<TokenId>> texts,
                         std::span<const CrossAttentionCache* const> images, float* out,
                         Context& context);

/// The states of every token: → out: [tokens of all texts, H]
void encode_all_tokens(const TextModel& model, std::span<const std::vector<TokenId>> texts,
                       std::span<const CrossAttentionCache* const> images, float* out,
                       Context& context);

/// Tokens of each text.
[[nodiscard]] std::vector<std::int64_t> lengths_of(std::span<const std::vector<TokenId>> texts);
/// Tokens of all texts.
[[nodiscard]] std::int64_t count_tokens(std::span<const std::vector<TokenId>> texts);

/// states: [tokens of all texts, H] → out: [texts, H], those of each text's first token
void gather_first_tokens(std::span<const std::vector<TokenId>> texts, std::int64_t hidden,
                         const float* states, float* out);

}  // namespace blip
