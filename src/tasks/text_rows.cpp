#include "tasks/text_rows.hpp"

#include <string>

#include "blip/error.hpp"

namespace blip {

TokenRows texts_for_encoder(std::span<const std::vector<TokenId>> texts, TextStyle style,
                            bool with_image, const BlipTextConfig& config) {
  TokenRows rows(texts.begin(), texts.end());
  for (std::vector<TokenId>& row : rows) {
    if (row.empty()) throw Error(ErrorCode::invalid_argument, "a text has no tokens");
    if (style == TextStyle::hf) continue;
    if (row.size() > kOriginalTextTokens) {
      const TokenId separator = row.back();
      row.resize(kOriginalTextTokens);
      row.back() = separator;
    }
    if (with_image) row.front() = config.bos_token_id + 1;
  }
  return rows;
}

std::span<const TokenId> inner_tokens(std::span<const TokenId> row) {
  return row.size() < 2 ? std::span<const TokenId>{} : row.subspan(1, row.size() - 2);
}

std::size_t count_pairs(std::size_t images, std::size_t texts, std::string_view what) {
  if (images == texts || texts == 1) return images;
  if (images == 1) return texts;
  throw Error(ErrorCode::invalid_argument,
              std::to_string(images) + " images and " + std::to_string(texts) + " " +
                  std::string(what) + " do not pair up: give as many of both, or one of either");
}

std::vector<const CrossAttentionCache*> pointers_to(
    std::span<const std::shared_ptr<const CrossAttentionCache>> caches) {
  std::vector<const CrossAttentionCache*> pointers;
  pointers.reserve(caches.size());
  for (const auto& cache : caches) pointers.push_back(cache.get());
  return pointers;
}

std::vector<const CrossAttentionCache*> pointers_to(std::span<const CrossAttentionCache> caches) {
  std::vector<const CrossAttentionCache*> pointers;
  pointers.reserve(caches.size());
  for (const CrossAttentionCache& cache : caches) pointers.push_back(&cache);
  return pointers;
}

}  // namespace blip
