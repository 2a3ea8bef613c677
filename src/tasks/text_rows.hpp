// How rows of texts are prepared and paired with images, the same for all tasks.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "blip/config.hpp"
#include "blip/encoded_image.hpp"
#include "blip/text_style.hpp"
#include "blip/tokenizer.hpp"
#include "model/cross_attention_cache.hpp"

namespace blip {

using TokenRows = std::vector<std::vector<TokenId>>;

/// What an encoder gets to read: with an image, the original style puts [ENC], which follows [DEC]
/// in the vocabulary, in the place of [CLS]. It also keeps the first kOriginalTextTokens tokens,
/// the last of them [SEP]. Throws invalid_argument for an empty row.
TokenRows texts_for_encoder(std::span<const std::vector<TokenId>> texts, TextStyle style,
                            bool with_image, const BlipTextConfig& config);

/// The words of such a row: it without its first and last token. Empty if there are none.
std::span<const TokenId> inner_tokens(std::span<const TokenId> row);

/// How many pairs these make: they pair up, and one of either goes with all of the other. Throws
/// invalid_argument for numbers that do not fit; `what` names the texts in the message.
std::size_t count_pairs(std::size_t images, std::size_t texts, std::string_view what);

/// For each of `pairs` pairs its element of `values`, which has one for each or one for all.
template <typename T>
std::vector<T> spread(std::span<const T> values, std::size_t pairs) {
  if (values.size() == pairs) return {values.begin(), values.end()};
  return std::vector<T>(pairs, values.front());
}

/// The caches themselves, for those who read them.
std::vector<const CrossAttentionCache*> pointers_to(
    std::span<const std::shared_ptr<const CrossAttentionCache>> caches);
std::vector<const CrossAttentionCache*> pointers_to(std::span<const CrossAttentionCache> caches);

}  // namespace blip
