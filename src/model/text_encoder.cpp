#include "model/text_encoder.hpp"

#include <algorithm>

#include "blip/error.hpp"
#include "core/scratch.hpp"
#include "model/cross_attention.hpp"
#include "model/text_attention.hpp"

namespace blip {
namespace {

std::vector<TextToken> tokens_of(const TextModel& model,
                                 std::span<const std::vector<TokenId>> texts) {
  std::vector<TextToken> tokens;
  for (const std::vector<TokenId>& text : texts) {
    if (text.empty()) throw Error(ErrorCode::invalid_argument, "a text has no tokens");
    for (std::size_t position = 0; position < text.size(); ++position) {
      tokens.push_back({text[position], static_cast<std::int64_t>(position)});
      require_embeddable(model, tokens.back());
    }
  }
  return tokens;
}

}  // namespace

std::int64_t count_tokens(std::span<const std::vector<TokenId>> texts) {
  std::int64_t count = 0;
  for (const std::vector<TokenId>& text : texts) count += static_cast<std::int64_t>(text.size());
  return count;
}

void gather_first_tokens(std::span<const std::vector<TokenId>> texts, std::int64_t hidden,
                         const float* states, float* out) {
  for (const std::vector<TokenId>& text : texts) {
    out = std::copy_n(states, hidden, out);
    states += static_cast<std::int64_t>(text.size()) * hidden;
  }
}

std::vector<std::int64_t> lengths_of(std::span<const std::vector<TokenId>> texts) {
  std::vector<std::int64_t> lengths;
  lengths.reserve(texts.size());
  for (const auto& text : texts) lengths.push_back(static_cast<std::int64_t>(text.size()));
  return lengths;
}

void encode_texts(const TextModel& model, std::span<const std::vector<TokenId>> texts,
                  const CrossAttentionStep& attend_to_image, float* out, Context& context) {
  const std::vector<TextToken> tokens = tokens_of(model, texts);
  if (tokens.empty()) return;
  const std::vector<std::int64_t> lengths = lengths_of(texts);
  const std::int64_t hidden = model.config.hidden_size;
  const TextHeads heads = {model.config.num_attention_heads,
                           hidden / model.config.num_attention_heads};
  const SelfAttentionStep attend_to_text = [&](std::int64_t, const float* query, const float* key,
                                               const float* value, float* attended) {
    attend_within_texts(heads, lengths, TextMask::none, {query, key, value, hidden}, attended,
                        context);
  };
  run_text_layers(model, tokens, attend_to_text, attend_to_image, out, context);
}

void encode_all_tokens(const TextModel& model, std::span<const std::vector<TokenId>> texts,
                       std::span<const CrossAttentionCache* const> images, float* out,
                       Context& context) {
  if (images.empty()) {
    encode_texts(model, texts, {}, out, context);
    return;
  }
  const std::vector<CrossAttentionRows> groups = group_by_cache(lengths_of(texts), images);
  const std::int64_t rows = count_tokens(texts);
  const CrossAttentionStep attend_to_image = [&](std::int64_t layer, float* x) {
    cross_attention_block(model, layer, groups, rows, x, context);
  };
  encode_texts(model, texts, attend_to_image, out, context);
}

void encode_first_tokens(const TextModel& model, std::span<const std::vector<TokenId>> texts,
                         std::span<const CrossAttentionCache* const> images, float* out,
                         Context& context) {
  const std::int64_t hidden = model.config.hidden_size;
  // A few thousand tokens keep every matrix product busy; more only take memory.
  constexpr std::int64_t kTokensAtOnce = 2048;
  std::size_t first = 0;
  while (first < texts.size()) {
    std::size_t last = first;
    std::int64_t tokens = 0;
    do {
      tokens += static_cast<std::int64_t>(texts[last++].size());
    } while (last < texts.size() &&
             tokens + static_cast<std::int64_t>(texts[last].size()) <= kTokensAtOnce);
    const auto part = texts.subspan(first, last - first);
    const Scratch::Frame frame(context.scratch());
    auto* states = context.scratch().allocate<float>(static_cast<std::size_t>(tokens * hidden));
    encode_all_tokens(model, part, images.empty() ? images : images.subspan(first, last - first),
                      states, context);
    gather_first_tokens(part, hidden, states, out + static_cast<std::int64_t>(first) * hidden);
    first = last;
  }
}

}  // namespace blip
